// The cells of the demo: 700 peripheral blood mononuclear cells of ten types, see examples/data/pbmc68k/NOTICE.md.
import { fileURLToPath } from "node:url";
import { type Dataset, readDataset } from "../dataset.js";
import { selectInputs, smooth } from "../simulate.js";

const FILE = fileURLToPath(new URL("../../examples/data/pbmc68k/10x_pbmc68k_reduced.zarr.zip", import.meta.url));

/** Transcription factors among the measured genes that have a known target among them (TRRUST v2). */
const FACTORS =
  "CHD4 DEK EGR1 FLI1 FOS GATA2 GATA3 HES1 HMGA1 HOPX ILF3 IRF1 IRF7 IRF8 JUNB KLF6 LYL1 NCOR1 NFKBIA POU2AF1 SFPQ SPI1 SPIB".split(
    " ",
  );

/** Target genes of two to five of those factors: the causes that the demo hides. */
const CAUSES = ["IL1B", "CCL5", "CD40", "STMN1", "ID2"];

/** The cells as the demo needs them. */
export interface Cells {
  /** Factors as inputs, hidden causes as truth; a phenotype is yet to be drawn. */
  readonly measured: Dataset;
  /** The same with every gene averaged over the nearest cells, as the paper did with MAGIC. */
  readonly smoothed: Dataset;
  /** Factors as inputs, the measured S-phase score as target; nobody knows its causes. */
  readonly cycle: Dataset;
}

/** Reads the cells, with the dendrogram of the cell types as tree: from all genes, as scanpy computes it. */
export async function readCells(): Promise<Cells> {
  const all = await readDataset({ data: FILE, environment: "bulk_labels", target: "S_score", tree: "dendrogram" });
  const { targets, ...unlabeled } = all;
  const hidden = { inputs: FACTORS, truth: CAUSES };
  return {
    measured: { ...selectInputs(unlabeled, hidden), name: "PBMC cells as measured, drawn phenotype" },
    smoothed: { ...selectInputs(await smooth(unlabeled), hidden), name: "PBMC cells smoothed, drawn phenotype" },
    cycle: { ...selectInputs(all, { inputs: FACTORS }), name: "PBMC cells, cell-cycle score" },
  };
}
