// Several files of one shape as one table: rows one below the other, and a column that says which file each comes from.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fail } from "../errors.js";
import { concatenated } from "./columns.js";
import { globExpression } from "./patterns.js";
import { closeAll, type Selection, type Source, type SourceColumn, type Words } from "./source.js";
import { shapeText } from "./views.js";

/** The column of the file that a row comes from. */
export const ORIGIN = "origin";

/** The paths that a path or a pattern (`cells/*.csv`) names, sorted; a path that exists stands for itself. */
export function expandPaths(paths: string | readonly string[]): readonly string[] {
  return [paths].flat().flatMap((path) => {
    if (!/[*?]/.test(path) || existsSync(path)) return [path];
    const found = matching(path);
    if (found.length > 0) return found;
    return fail("DATA_NOT_FOUND", `no file matches ${path}`, {
      path,
      hint: "check the pattern; * stands for any part of a name, and relative paths start at the current folder",
    });
  });
}

function matching(pattern: string): readonly string[] {
  const parts = pattern.split("/");
  let found: readonly string[] = [pattern.startsWith("/") ? "/" : ""];
  for (const part of parts.filter((part) => part !== "")) {
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(part)) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
      const expression = globExpression(part);
      const names = (() => {
        try {
          return readdirSync(folder === "" ? "." : folder);
        } catch {
          return [];
        }
      })();
      const isHidden = (name: string): boolean => name.startsWith(".") && !part.startsWith(".");
      return names
        .filter((name) => expression.test(name) && !isHidden(name))
        .sort()
        .map((name) => join(folder, name));
    });
  }
  return found;
}

/** What files are called in the column of their origin: their names without what all have in common. */
function originsOf(paths: readonly string[]): readonly string[] {
  const names = paths.map((path) => basename(path));
  const bare = names.map((name) => name.replace(/(?<=.)(\.zarr)?(\.[a-z0-9]+)(\.(gz|zip|zst))?$/i, ""));
  if (new Set(bare).size === paths.length) return bare;
  return new Set(names).size === paths.length ? names : paths;
}

/** The files of one shape as one source; they must have the same columns, in any order. */
export function stackSources(paths: readonly string[], sources: readonly Source[]): Source {
  const origins = originsOf(paths);
  const describeAll = async (detail: "names" | "kinds") => {
    const all = [];
    for (const source of sources) all.push(await source.describe(detail));
    const [first] = all as [(typeof all)[number]];
    const names = new Set(first.columns.map(({ name }) => name));
    all.forEach(({ columns }, k) => {
      for (const { name, image } of first.columns) {
        const other = columns.find((column) => column.name === name)?.image;
        if (image === undefined || other === undefined || shapeText(image) === shapeText(other)) continue;
        const what = `${paths[k]} holds images of ${shapeText(other)}, ${paths[0]} of ${shapeText(image)}`;
        fail("DATA_SHAPE", what, {
          path: paths[k]!,
          hint: "images that are stacked have one shape: resize them first",
          context: { column: name },
        });
      }
      const own = new Set(columns.map(({ name }) => name));
      const lacking = [...names].find((name) => !own.has(name));
      const further = [...own].find((name) => !names.has(name));
      if (lacking === undefined && further === undefined) return;
      const [has, lacks, name] = lacking === undefined ? [k, 0, further] : [0, k, lacking];
      fail("DATA_COLUMN_MISMATCH", `${paths[has]} has a column ${JSON.stringify(name)}, ${paths[lacks]} has none`, {
        path: paths[lacks]!,
        hint: "files that are stacked have the same columns, in any order",
        context: { column: name },
      });
    });
    return { first, all };
  };
  const hasOrigin = (columns: readonly SourceColumn[]): boolean => columns.some(({ name }) => name === ORIGIN);
  return {
    describe: async (detail) => {
      const { first, all } = await describeAll(detail);
      const kindOf = (name: string): SourceColumn["kind"] => {
        const kinds = new Set(all.map(({ columns }) => columns.find((column) => column.name === name)!.kind));
        if (kinds.has("text")) return "text";
        if (kinds.has("image")) return "image";
        return kinds.has("number") ? "number" : "unknown";
      };
      const columns = first.columns.map((column) => ({ ...column, kind: kindOf(column.name) }));
      const origin: readonly SourceColumn[] = hasOrigin(columns) ? [] : [{ name: ORIGIN, kind: "text" }];
      const { rows: _, ...rest } = first;
      return { ...rest, columns: [...columns, ...origin], notes: all.flatMap(({ notes = [] }) => notes) };
    },
    read: async ({ numeric, text, images = [] }) => {
      const { first } = await describeAll("names");
      const own = hasOrigin(first.columns) ? text : text.filter((name) => name !== ORIGIN);
      const parts: Selection[] = [];
      for (const source of sources) parts.push(await source.read({ numeric, text: own, images }));
      const column = (name: string): string[] => {
        const at = own.indexOf(name);
        return at < 0
          ? parts.flatMap((part, k) => Array<string>(part.rows).fill(origins[k]!))
          : parts.flatMap((part) => part.text[at]!);
      };
      const wordsOf = (name: string): Words | undefined => {
        const known = parts.map(({ words }) => words?.[own.indexOf(name)]);
        return known.every((words) => words !== undefined) ? merged(known) : undefined;
      };
      const blocks = <T>(of: (part: Selection) => T): readonly T[] => parts.map(of);
      return {
        rows: parts.reduce((sum, part) => sum + part.rows, 0),
        parts: blocks(({ rows }) => rows),
        numeric: concatenated(
          Float32Array,
          blocks((part) => part.numeric),
        ),
        text: text.map(column),
        words: text.map(wordsOf),
        images: images.map((_, j) =>
          concatenated(
            Float32Array,
            blocks((part) => part.images![j]!),
          ),
        ),
        ...(parts.every(({ rowIds }) => rowIds !== undefined) && { rowIds: idsOf(parts, origins) }),
      };
    },
    exact: async (names) => {
      const parts: Float64Array[] = [];
      for (const source of sources) parts.push(await source.exact(names));
      return concatenated(Float64Array, parts);
    },
    close: () => closeAll(sources),
  };
}

function merged(all: readonly Words[]): Words {
  const sum: Record<string, number> = {};
  for (const words of all) for (const [word, count] of Object.entries(words)) sum[word] = (sum[word] ?? 0) + count;
  return sum;
}

/** The identifiers of all rows. Where files name theirs alike, as folders of images do, each says which file it is of. */
function idsOf(parts: readonly Selection[], origins: readonly string[]): string[] {
  const ids = parts.flatMap(({ rowIds }) => rowIds!);
  if (new Set(ids).size === ids.length) return ids;
  return parts.flatMap(({ rowIds }, k) => rowIds!.map((id) => `${origins[k]}/${id}`));
}
