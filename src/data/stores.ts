// Which of the formats that live in HDF5 or zarr a store holds.
import { fail } from "../errors.js";
import { annDataSource } from "./anndata.js";
import { type ArrayStore, type StoreOptions, WRITE_AGAIN } from "./anndata-store.js";
import { muDataSource } from "./mudata.js";
import type { Source } from "./source.js";
import { isTenxGroup, openTenxGroup } from "./tenx.js";

/** Opens what a store holds: AnnData, MuData, or counts of 10x Genomics; throws `DATA_UNSUPPORTED` for what else is known. */
export async function storeSource(store: ArrayStore, options: StoreOptions = {}): Promise<Source> {
  const { matrix } = options;
  const members = await store.children("");
  const has = (...names: readonly string[]) => names.every((name) => members.includes(name));
  if (has("obs", "mod")) return muDataSource(store, options);
  if (has("obs", "var")) return annDataSource(store, matrix);
  const groups: string[] = [];
  for (const name of members) if (await isTenxGroup(store, name)) groups.push(name);
  const group = matrix === undefined && groups.length === 1 ? groups[0] : groups.find((name) => name === matrix);
  if (group !== undefined) return openTenxGroup(store, group);
  const { file } = store;
  if (groups.length > 0) {
    fail("DATA_MISSING_COLUMN", `${file} holds the counts of ${groups.join(", ")}`, {
      path: "matrix",
      hint: `choose one: --matrix ${groups[0]}`,
      context: { matrix, found: groups },
    });
  }
  if (has("row_attrs", "col_attrs", "matrix")) {
    fail("DATA_UNSUPPORTED", `${file} is a loom file`, {
      path: file,
      hint: `in Python: anndata.io.read_loom(${JSON.stringify(file)}).write_h5ad("data.h5ad")`,
    });
  }
  const some = members.slice(0, 8).join(", ") + (members.length > 8 ? ", ..." : "");
  return fail(
    "DATA_UNKNOWN_FORMAT",
    `${file}: no AnnData: "obs" and "var" are missing; it holds ${some || "nothing"}`,
    {
      path: file,
      hint:
        has("obs") || has("var")
          ? WRITE_AGAIN
          : 'read what it holds in Python, then anndata.AnnData(x).write_h5ad("data.h5ad"), or numpy.save("data.npy", x)',
      context: { members },
    },
  );
}
