// The cells of the demo: 700 peripheral blood mononuclear cells of ten types, see examples/data/pbmc68k/NOTICE.md.
import { fileURLToPath } from "node:url";
import { type Dataset, readDataset } from "../dataset.js";

const FILE = fileURLToPath(new URL("../../examples/data/pbmc68k/10x_pbmc68k_reduced.zarr.zip", import.meta.url));
const ROLES = { data: FILE, environment: "bulk_labels" } as const;

/** Transcription factors among the measured genes that have a known target among them (TRRUST v2). */
const FACTORS =
  "CHD4 DEK EGR1 FLI1 FOS GATA2 GATA3 HES1 HMGA1 HOPX ILF3 IRF1 IRF7 IRF8 JUNB KLF6 LYL1 NCOR1 NFKBIA POU2AF1 SFPQ SPI1 SPIB";

/** Target genes of two to five of those factors: the causes that the demo hides. */
const CAUSES = "IL1B CCL5 CD40 STMN1 ID2";

/** The cells with the hidden causes as truth, under the dendrogram of all genes; a phenotype is yet to be drawn. */
export async function cellsWithCauses(): Promise<Dataset> {
  const name = "PBMC cells, drawn phenotype";
  const cells = await readDataset({ ...ROLES, name, inputs: FACTORS.split(" "), truth: CAUSES.split(" ") });
  return withDendrogram(cells);
}

/** The cells with a measured target, whose causes nobody knows. */
export async function cellsWithScore(): Promise<Dataset> {
  const name = "PBMC cells, cell-cycle score";
  const cells = await readDataset({ ...ROLES, name, inputs: FACTORS.split(" "), target: "S_score" });
  return withDendrogram(cells);
}

/** The tree as scanpy computes it: from all genes, not only from the inputs. */
async function withDendrogram(cells: Dataset): Promise<Dataset> {
  const { tree } = await readDataset({ ...ROLES, tree: "dendrogram" });
  return { ...cells, ...(tree !== undefined && { tree }) };
}
