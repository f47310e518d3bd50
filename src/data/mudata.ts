// What a MuData file means, over any store of groups and arrays: one AnnData per modality under `mod`, rows joined by obs names.
// https://mudata.readthedocs.io/en/latest/io/mudata.html
import { nearest } from "../config-keys.js";
import { fail } from "../errors.js";
import { annDataSource } from "./anndata.js";
import { frameSource, openFrame } from "./anndata-frame.js";
import type { ArrayStore, StoreOptions } from "./anndata-store.js";
import { gathered, gatheredExact, type Table } from "./columns.js";
import type { ModalityConfig } from "./config.js";
import { placesOfIds } from "./join.js";
import { joinedSource, type Part } from "./modalities.js";
import type { Source, SourceColumn } from "./source.js";

const OBS = "obs names";

/** Opens a store that holds MuData. */
export async function muDataSource(store: ArrayStore, { matrix, modalities }: StoreOptions = {}): Promise<Source> {
  const root = await store.node("");
  const axis = Number(root?.attributes.axis ?? 0);
  if (axis !== 0) {
    fail(
      "DATA_UNSUPPORTED",
      `${store.file}: its modalities share variables (axis ${axis}), expected shared observations`,
      {
        path: store.file,
        hint: "rows of the modalities are joined by their obs names: write a MuData with axis=0",
        context: { axis },
      },
    );
  }
  const names = await namesOf(store);
  const chosen = Object.entries<ModalityConfig>(modalities ?? Object.fromEntries(names.map((name) => [name, {}])));
  const parts = chosen.map(([view, { inputs, matrix: own }]): Part => {
    if (!names.includes(view)) {
      const near = nearest(view, names);
      fail("DATA_MISSING_COLUMN", `${store.file}: no modality ${JSON.stringify(view)}; there are ${names.join(", ")}`, {
        path: `modalities.${view}`,
        hint: near === undefined ? `for example --modality ${names[0]}` : `did you mean ${JSON.stringify(near)}?`,
        context: { modality: view, found: names },
      });
    }
    return { view, source: annDataSource(below(store, `mod/${view}`), own ?? matrix), inputs };
  });
  const format = store.format === "h5ad" ? "h5mu" : store.format;
  return withObs(joinedSource(parts, { by: OBS }), store, format);
}

/** In the order that the file states, then what it forgot to state. */
async function namesOf(store: ArrayStore): Promise<readonly string[]> {
  const children = await store.children("mod");
  const order = (await store.node("mod"))?.attributes["mod-order"];
  const stated = (Array.isArray(order) ? order : typeof order === "string" ? [order] : []).map(String);
  const known = stated.filter((name) => children.includes(name));
  const names = [...known, ...children.filter((name) => !known.includes(name)).sort()];
  if (names.length > 0) return names;
  return fail("DATA_EMPTY", `${store.file}: a MuData without modalities`, { path: store.file, hint: "write it again" });
}

function below(store: ArrayStore, folder: string): ArrayStore {
  const inside = (path: string) => (path === "" ? folder : `${folder}/${path}`);
  return {
    format: store.format,
    file: `${store.file}:${folder.slice("mod/".length)}`,
    node: (path) => store.node(inside(path)),
    children: (path) => store.children(inside(path)),
    read: (path, from, to) => store.read(inside(path), from, to),
    // The modalities share the file: it is closed once, with the source of all of them.
    close: async () => {},
  };
}

/** The joined rows with the columns of the file's own `obs`, which are about all modalities, under their own names. */
function withObs(joined: Source, store: ArrayStore, format: string): Source {
  let opened: Promise<Shared> | undefined;
  const obs = (): Promise<Shared> => {
    opened ??= openObs(joined, store);
    return opened;
  };
  const table = async (): Promise<Table> => {
    const { columns, places, rowIds, frame } = await obs();
    const own = (name: string) => (columns.has(name) ? name : undefined);
    const shares = [
      { source: frameSource(frame), own, rows: places },
      { source: joined, own: (name: string) => name },
    ];
    return { shares, rows: places.length, rowIds };
  };
  return {
    describe: async (detail) => {
      const [description, shared] = [await joined.describe(detail), await obs()];
      return { ...description, format, columns: [...description.columns, ...shared.columns.values()] };
    },
    read: async (choice) => gathered(await table(), choice),
    exact: async (names) => gatheredExact(await table(), names),
    close: async () => {
      await joined.close();
      await store.close();
    },
  };
}

interface Shared {
  readonly columns: ReadonlyMap<string, SourceColumn>;
  /** Row of `obs` for each joined row. */
  readonly places: Int32Array;
  readonly rowIds: readonly string[];
  readonly frame: Awaited<ReturnType<typeof openFrame>>;
}

async function openObs(joined: Source, store: ArrayStore): Promise<Shared> {
  const frame = await openFrame(store, "obs");
  const [taken, { rowIds = [] }] = [await joined.describe("names"), await joined.read({ numeric: [], text: [] })];
  const { places: rows } = placesOfIds(await frame.index());
  const missing = rowIds.filter((id) => !rows.has(id));
  if (missing.length > 0) {
    const some = JSON.stringify(missing[0]);
    fail(
      "DATA_CORRUPT",
      `${store.file}: ${missing.length} obs names of its modalities are not in its own obs, such as ${some}`,
      {
        path: store.file,
        hint: "obs names disagree: call mdata.update() and write the file again",
        context: { missing: missing.slice(0, 20), count: missing.length },
      },
    );
  }
  const own = frame.columns.filter(({ name }) => !taken.columns.some((column) => column.name === name));
  const columns = own.map(({ name, kind }): [string, SourceColumn] => [
    name,
    { name, kind, group: "obs", byNameOnly: true },
  ]);
  return { columns: new Map(columns), places: Int32Array.from(rowIds, (id) => rows.get(id)!), rowIds, frame };
}
