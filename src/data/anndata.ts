// What an AnnData file means, over any store of groups and arrays: https://anndata.readthedocs.io/en/stable/fileformat-prose.html
import { fail } from "../errors.js";
import { type FrameColumn, openFrame } from "./anndata-frame.js";
import { readMatrix, sparseShape } from "./anndata-matrix.js";
import type { ArrayStore } from "./anndata-store.js";
import { numberedNames } from "./positional.js";
import type { Source, SourceColumn } from "./source.js";

interface Layout {
  /** Where the chosen matrix lies; nothing where none was named and there is no X. */
  readonly matrix?: Place;
  readonly genes: readonly string[];
  readonly cells: readonly string[];
  /** By public name. */
  readonly var: ReadonlyMap<string, number>;
  readonly obs: ReadonlyMap<string, FrameColumn>;
  readonly repeated: ReadonlySet<string>;
  /** The matrices that there are. */
  readonly found: readonly string[];
}

/** A matrix with a row per cell. */
interface Place {
  /** As a user names it: X, raw, a layer, obsm/X_pca. */
  readonly name: string;
  readonly path: string;
  /** The frame that names its columns; an embedding has none, or is a frame itself. */
  readonly frame?: string;
}

/**
 * Opens an AnnData store: the variables of the chosen matrix and the columns of `obs` become columns, the index of `obs`
 * the row ids. A name that both have is written "var:name" and "obs:name".
 *
 * @param matrix "X", "raw", the name of a layer, or an embedding such as "obsm/X_pca"; default: X, where it is there
 */
export function annDataSource(store: ArrayStore, matrix?: string): Source {
  let opened: Promise<Layout> | undefined;
  const layout = (): Promise<Layout> => {
    opened ??= openLayout(store, matrix);
    return opened;
  };
  /** Columns of the matrix and of obs, row-major. */
  const fill = async (values: Float32Array | Float64Array, columns: readonly string[]): Promise<void> => {
    const { matrix: place, cells, genes, var: genesByName, obs, repeated } = await layout();
    const slots = new Int32Array(genes.length).fill(-1);
    for (const [slot, name] of columns.entries()) {
      refuseRepeated(store.file, repeated, name);
      const gene = genesByName.get(name);
      if (gene === undefined) {
        const numbers = await findObs(store.file, obs, name).numbers();
        for (let i = 0; i < numbers.length; i++) values[i * columns.length + slot] = numbers[i]!;
      } else {
        slots[gene] = slot;
      }
    }
    if (place === undefined || !slots.some((slot) => slot >= 0)) return;
    const target = { values, rows: cells.length, width: columns.length, names: genes };
    await readMatrix(store, place.path, slots, target);
  };
  return {
    describe: async () => {
      const { matrix: place, var: genes, obs, cells, found } = await layout();
      const group = place?.name.startsWith("obsm/") ? place.name : "var";
      const columns: SourceColumn[] = [
        ...[...genes.keys()].map((name) => ({ name, kind: "number" as const, group })),
        ...[...obs].map(([name, column]) => ({ name, kind: column.kind, group: "obs" })),
      ];
      const inputsHint = `the file has no X: name columns of obs, or choose a matrix with --matrix: ${found.join(", ") || "there is none"}`;
      return {
        format: store.format,
        columns,
        rows: cells.length,
        inputGroup: group,
        hasRowIds: true,
        ...(place === undefined && { inputsHint }),
      };
    },
    read: async ({ numeric, text }) => {
      const { obs, cells } = await layout();
      const values = new Float32Array(cells.length * numeric.length);
      await fill(values, numeric);
      const texts: string[][] = [];
      for (const name of text) texts.push(await findObs(store.file, obs, name).texts());
      return { rows: cells.length, numeric: values, text: texts, rowIds: [...cells] };
    },
    exact: async (names) => {
      const values = new Float64Array((await layout()).cells.length * names.length);
      await fill(values, names);
      return values;
    },
    close: () => store.close(),
  };
}

async function openLayout(store: ArrayStore, matrix: string | undefined): Promise<Layout> {
  const { place, found } = await findMatrix(store, matrix);
  const obs = await openFrame(store, "obs");
  const genes = place === undefined ? [] : await columnNames(store, place);
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
    ...(place !== undefined && { matrix: place }),
    genes,
    cells,
    var: byName,
    obs: new Map(obs.columns.map((column) => [named("obs", column.name), column])),
    repeated,
    found,
  };
}

async function columnNames(store: ArrayStore, { name, path, frame }: Place): Promise<readonly string[]> {
  if (frame !== undefined) return (await openFrame(store, frame)).index();
  const node = await store.node(path);
  const shape = node?.kind === "group" ? sparseShape(node) : (node?.shape ?? []);
  const label = name.slice(name.indexOf("/") + 1);
  if (shape.length !== 2) {
    fail("DATA_UNSUPPORTED", `${store.file}: ${path} is no matrix of numbers`, {
      path: "matrix",
      hint: `write it as an array: adata.obsm[${JSON.stringify(label)}] = numpy.asarray(adata.obsm[${JSON.stringify(label)}])`,
    });
  }
  return numberedNames(store.file, label, shape[1]!);
}

async function findMatrix(
  store: ArrayStore,
  matrix: string | undefined,
): Promise<{ readonly place?: Place; readonly found: readonly string[] }> {
  const isThere = async (path: string): Promise<boolean> => {
    const node = await store.node(path);
    return node !== undefined && node.attributes["encoding-type"] !== "null";
  };
  const membersOf = async (path: string) => ((await isThere(path)) ? store.children(path) : []);
  const places: Place[] = [
    { name: "X", path: "X", frame: "var" },
    { name: "raw", path: "raw/X", frame: "raw/var" },
    // As anndata 0.6 wrote it.
    { name: "raw", path: "raw.X", frame: "raw.var" },
    ...(await membersOf("layers")).map((name) => ({ name, path: `layers/${name}`, frame: "var" })),
    ...(await membersOf("obsm")).map((name) => ({ name: `obsm/${name}`, path: `obsm/${name}` })),
  ];
  const found: Place[] = [];
  for (const place of places) if (await isThere(place.path)) found.push(place);
  const names = found.map(({ name }) => name);
  const wanted = matrix ?? "X";
  const place = found.find(({ name, path }) => name === wanted || path === wanted);
  if (place !== undefined) return { place, found: names };
  // Columns of obs can be learned from without a matrix.
  if (matrix === undefined) return { found: names };
  return fail(
    "DATA_MISSING_COLUMN",
    `${store.file}: no matrix ${JSON.stringify(matrix)}; there are ${names.join(", ") || "none"}`,
    {
      path: "matrix",
      hint: found.length > 0 ? `for example matrix: ${JSON.stringify(names[0])}` : "the file holds no matrix at all",
      context: { matrix, found: names },
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
