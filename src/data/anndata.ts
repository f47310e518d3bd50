// What an AnnData file means, over any store of groups and arrays: https://anndata.readthedocs.io/en/stable/fileformat-prose.html
import { fail } from "../errors.js";
import { type FrameColumn, openFrame } from "./anndata-frame.js";
import { readMatrix } from "./anndata-matrix.js";
import { type ArrayStore, WRITE_AGAIN } from "./anndata-store.js";
import type { Source, SourceColumn } from "./source.js";

interface Layout {
  readonly matrix: string;
  readonly genes: readonly string[];
  readonly cells: readonly string[];
  /** By public name. */
  readonly var: ReadonlyMap<string, number>;
  readonly obs: ReadonlyMap<string, FrameColumn>;
  readonly repeated: ReadonlySet<string>;
}

/**
 * Opens an AnnData store: the variables of the chosen matrix and the columns of `obs` become columns, the index of `obs`
 * the row ids. A name that both have is written "var:name" and "obs:name".
 *
 * @param matrix "X", "raw", or the name of a layer
 */
export function annDataSource(store: ArrayStore, matrix = "X"): Source {
  let opened: Promise<Layout> | undefined;
  const layout = (): Promise<Layout> => {
    opened ??= openLayout(store, matrix);
    return opened;
  };
  return {
    describe: async () => {
      const { var: genes, obs, cells } = await layout();
      const columns: SourceColumn[] = [
        ...[...genes.keys()].map((name) => ({ name, kind: "number" as const, group: "var" })),
        ...[...obs].map(([name, column]) => ({ name, kind: column.kind, group: "obs" })),
      ];
      return { format: store.format, columns, rows: cells.length, inputGroup: "var" };
    },
    read: async ({ numeric, text }) => {
      const known = await layout();
      const out = new Float32Array(known.cells.length * numeric.length);
      const slots = new Int32Array(known.genes.length).fill(-1);
      for (const [slot, name] of numeric.entries()) {
        refuseRepeated(store.file, known.repeated, name);
        const gene = known.var.get(name);
        if (gene === undefined) {
          const column = findObs(store.file, known.obs, name);
          const values = await column.numbers();
          for (let i = 0; i < values.length; i++) out[i * numeric.length + slot] = values[i]!;
        } else {
          slots[gene] = slot;
        }
      }
      if (slots.some((slot) => slot >= 0)) {
        const { cells, genes: names } = known;
        await readMatrix(store, known.matrix, slots, { values: out, rows: cells.length, width: numeric.length, names });
      }
      const texts: string[][] = [];
      for (const name of text) texts.push(await findObs(store.file, known.obs, name).texts());
      return { rows: known.cells.length, numeric: out, text: texts, rowIds: [...known.cells] };
    },
    close: () => store.close(),
  };
}

async function openLayout(store: ArrayStore, matrix: string): Promise<Layout> {
  const place = await findMatrix(store, matrix);
  const obs = await openFrame(store, "obs");
  const genes = await (await openFrame(store, place.frame)).index();
  const cells = await obs.index();
  const obsNames = new Set(obs.columns.map(({ name }) => name));
  const both = new Set(genes.filter((name) => obsNames.has(name)));
  const named = (group: string, name: string): string => (both.has(name) ? `${group}:${name}` : name);
  const byName = new Map<string, number>();
  const repeated = new Set<string>();
  genes.forEach((name, j) => {
    if (byName.has(named("var", name))) repeated.add(named("var", name));
    else byName.set(named("var", name), j);
  });
  return {
    matrix: place.path,
    genes,
    cells,
    var: byName,
    obs: new Map(obs.columns.map((column) => [named("obs", column.name), column])),
    repeated,
  };
}

async function findMatrix(store: ArrayStore, matrix: string): Promise<{ path: string; frame: string }> {
  const isThere = async (path: string): Promise<boolean> => {
    const node = await store.node(path);
    return node !== undefined && node.attributes["encoding-type"] !== "null";
  };
  if (!(await isThere("obs")) || !(await isThere("var"))) {
    fail("DATA_UNKNOWN_FORMAT", `${store.file}: no AnnData: "obs" and "var" are missing`, {
      path: store.file,
      hint: WRITE_AGAIN,
    });
  }
  const layers = (await isThere("layers")) ? await store.children("layers") : [];
  const places = [
    { name: "X", path: "X", frame: "var" },
    { name: "raw", path: "raw/X", frame: "raw/var" },
    ...layers.map((name) => ({ name, path: `layers/${name}`, frame: "var" })),
  ];
  const found: string[] = [];
  for (const place of places) {
    if (!(await isThere(place.path))) continue;
    if (place.name === matrix) return place;
    found.push(place.name);
  }
  return fail(
    "DATA_MISSING_COLUMN",
    `${store.file}: no matrix ${JSON.stringify(matrix)}; there are ${found.join(", ")}`,
    {
      path: "matrix",
      hint: found.length > 0 ? `for example matrix: ${JSON.stringify(found[0])}` : "the file holds no matrix at all",
      context: { matrix, found },
    },
  );
}

function findObs(file: string, obs: ReadonlyMap<string, FrameColumn>, name: string): FrameColumn {
  return (
    obs.get(name) ??
    fail("DATA_MISSING_COLUMN", `${file}: obs has no column ${JSON.stringify(name)}`, {
      path: file,
      hint: "labels come from obs, numbers from obs or the variables",
      context: { column: name },
    })
  );
}

function refuseRepeated(file: string, repeated: ReadonlySet<string>, name: string): void {
  if (!repeated.has(name)) return;
  fail("DATA_DUPLICATE_COLUMN", `${file}: several variables are called ${JSON.stringify(name)}`, {
    path: file,
    hint: `leave it out with '!${name}', or call adata.var_names_make_unique() before writing`,
    context: { column: name },
  });
}
