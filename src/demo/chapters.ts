// What the demo fits: data sets, methods and seeds as plain data. What comes out is reported, whatever it is.
import type { Dataset } from "../dataset.js";
import type { RunRecord } from "../record.js";
import { phenotype, simulate } from "../simulate.js";
import { readCells } from "./cells.js";
import type { Chapter, DemoRun } from "./chapter.js";
import { readTunnel, SCORED, saidOfTunnel } from "./tunnel.js";
import { otherSystems } from "./worlds.js";

/** Fewer, smaller layers than the default: a few hundred cells cannot fill more. */
const SMALL = { hidden: [32], steps: 800, weightDecay: 0.1 } as const;

/** All chapters: a device whose causes are known, worlds in which each system must succeed, real cells, a world in which one must fail. */
export async function chapters(seeds: readonly number[]): Promise<readonly Chapter[]> {
  const [tunnel, cells, others, sparse, still] = await Promise.all([
    readTunnel(),
    readCells(),
    otherSystems(),
    treeWorld("tree world, one change on each edge", 1),
    treeWorld("tree world, no change", 0),
  ]);
  return [
    {
      name: tunnel.name,
      remark:
        "Measurements of a real optical device: three colors of light and two polarizers, set by a computer, behind nine sensors. " +
        "All 21 environments are handed over, and nothing says which of them changes what: five change an actuator, one " +
        "nothing, and the fit has to set the other 15 aside. Scored are held-out rows of the first six. Data: Gamella, Peters, " +
        "Bühlmann (2025), CC BY 4.0.",
      agreement: false,
      scored: SCORED,
      said: saidOfTunnel,
      runs: [
        {
          id: "tunnel-interventional",
          config: { method: "interventional", reference: "reference", seed: 0, data: tunnel },
        },
        { id: "tunnel-pca", config: { method: "pca", latentDim: 5, seed: 0, data: tunnel } },
        { id: "tunnel-fast-ica", config: { method: "fast-ica", latentDim: 5, seed: 0, data: tunnel } },
      ],
    },
    {
      name: sparse.name,
      remark: "A world that fulfils the assumptions: here the method must succeed.",
      agreement: false,
      runs: pair("world-sparse", 0, { data: sparse, latentDim: 5 }),
    },
    ...others,
    {
      name: cells.smoothed.name,
      remark:
        "Real cells: 23 transcription factors as inputs, five of their target genes hidden, and a phenotype that is drawn " +
        "from those five with one effect changing on each edge of the dendrogram, anew for each seed. Every gene was " +
        "averaged over the 15 nearest cells first, as the paper did with MAGIC; so test cells are not independent of " +
        "training cells, and the errors are optimistic. 700 cells in ten types are few: the paper used 15,256 cells of 43 " +
        "types and reached .61 against .31 for the baseline at best. A difference to the baseline that is smaller than the " +
        "spread over seeds means nothing.",
      agreement: false,
      runs: await drawnPairs("smoothed", cells.smoothed, seeds),
    },
    {
      name: cells.measured.name,
      remark:
        "The same cells as they were measured. The factors of a single cell say almost nothing about the hidden genes of " +
        "that cell (compare the best linear map), so no method can come close to 1 here.",
      agreement: false,
      runs: await drawnPairs("measured", cells.measured, seeds),
    },
    {
      name: cells.cycle.name,
      remark:
        "A fully real target: the S-phase score of each cell. Nobody knows its hidden causes, so there is no truth to " +
        "compare with. What can be checked is whether seeds agree on the latents and whether a head per cell type predicts " +
        "new cells better than one head for all. Agreement does not prove that the truth was found; disagreement proves " +
        "that it was not.",
      agreement: true,
      runs: seeds.flatMap((seed) => pair("cycle", seed, { data: cells.cycle, latentDim: 2, ...SMALL })),
    },
    {
      name: still.name,
      remark:
        "The negative control: nothing changes between environments, so nothing tells the axes apart. Here the method must " +
        "not succeed, and its own checks must say so.",
      agreement: false,
      said: violated,
      runs: pair("world-still", 0, { data: still, latentDim: 5 }),
    },
  ];
}

/** How a failure is noticed: the conditions that the method itself finds violated. */
function violated({ summary }: RunRecord): readonly string[] {
  return summary.assumptions
    .filter(({ status }) => status === "violated")
    .map(({ question, finding }) => `the method itself says so. ${question} ${finding}`);
}

/** A phenotype is drawn anew for each seed: one draw could be a lucky one. */
async function drawnPairs(label: string, cells: Dataset, seeds: readonly number[]): Promise<DemoRun[]> {
  const drawn = await Promise.all(seeds.map((seed) => phenotype(cells, { changes: 1, seed })));
  return seeds.flatMap((seed, i) => pair(label, seed, { data: drawn[i]!, latentDim: 5, ...SMALL }));
}

type Shared = { readonly data: Dataset } & Record<string, unknown>;

/** The method beside its baseline, with the same settings. */
function pair(label: string, seed: number, shared: Shared): DemoRun[] {
  return (["tbr", "shared-head"] as const).map((method) => ({
    id: `${label}-${method}-${seed}`,
    config: { method, seed, ...shared } as DemoRun["config"],
  }));
}

async function treeWorld(name: string, changes: number): Promise<Dataset> {
  const world = await simulate({ simulator: "tree-world", depth: 6, pointsPerEnvironment: 1000, changes, seed: 0 });
  return { ...world, name };
}
