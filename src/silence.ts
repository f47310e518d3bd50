import { checkArgument, OBJECT } from "./arguments.js";
import { fail } from "./errors.js";
import type { BlockPart, Silence, SilentBlock, SilentLatent, Summary } from "./generated/types.js";
import { checkLatents } from "./graph.js";
import { ranked } from "./ranked.js";
import type { NamedArray, SilenceDigest, SilenceHistogram } from "./record.js";
import { atOnce, byTurns, inRanges, type Work } from "./turns.js";

/** Which latents are switched off in which row. */
export interface LatentSilence {
  /** Rows x latents. */
  readonly shape: readonly [rows: number, columns: number];
  /** Names of the latents. */
  readonly columns: readonly string[];
  /** 1 where the latent is called silent in the row, row by row. */
  readonly silent: Uint8Array;
  /** Probability that it is silent, 0 to 1, row by row. */
  readonly probability: Float32Array;
}

/**
 * Which latents are switched off in which row, by what a fit learned of their silent values; of many rows in turns with the event loop.
 *
 * @param latents of the rows: `model.latents`, or what `model.transform` gives for new ones
 * @param summary of the model that they come from
 * @throws `CONFIG_CONFLICT` for a method that does not look for silence, `METRIC_SHAPE` for latents of another model
 *
 * @example
 * ```ts
 * import { fit, latentSilence, simulate } from "disentangle";
 * const data = await simulate({ simulator: "silent-world", latents: 4, layers: 1, rows: 4000 });
 * const model = await fit({ method: "pdgmm", data, latentDim: 4 }).result;
 * const { silent, shape } = await latentSilence(model.latents, model.summary);
 * console.log(shape); // [ 4000, 4 ]
 * console.log("the first row, 1 = switched off:", silent.subarray(0, 4));
 * ```
 */
export async function latentSilence(
  latents: NamedArray,
  summary: Pick<Summary, "method" | "silence">,
): Promise<LatentSilence> {
  checkLatents(latents);
  checkArgument("summary", summary, OBJECT, "give model.summary");
  return byTurns(silenceWork(latents, summary));
}

/** Values that are looked at within a few milliseconds. */
const STEP = 1 << 15;

/** As `latentSilence`, in pieces. */
export function* silenceWork(latents: NamedArray, summary: Pick<Summary, "method" | "silence">): Work<LatentSilence> {
  const { silence } = summary;
  if (silence === undefined) {
    fail("CONFIG_CONFLICT", `${summary.method} does not say when its latents are silent`, {
      hint: "`disentangle methods` lists what each method gives",
    });
  }
  const { shape, columns, data } = latents;
  const [rows, cols] = shape;
  if (cols !== silence.latents.length) {
    fail("METRIC_SHAPE", `${cols} latents, but the summary is of ${silence.latents.length}`, {
      hint: "give latents and summary of the same model",
      context: { latents: cols, summary: silence.latents.length },
    });
  }
  const silent = new Uint8Array(rows * cols);
  const probability = new Float32Array(rows * cols);
  const calls = callsOf(silence);
  yield* inRanges(data.length, STEP, (from, to) => {
    for (let at = from; at < to; at++) {
      const call = calls[at % cols]!;
      silent[at] = Number(call.isSilent(data, at));
      probability[at] = call.probability(data, at);
    }
  });
  return { shape, columns, silent, probability };
}

/** Rows whose patterns are drawn, at most, and cells of that picture. */
const DRAWN_ROWS = 150;
const DRAWN_CELLS = 3000;
/** Steps of this share of the rows cover them evenly, without a period that could be that of the rows' patterns. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Patterns that are listed. */
const LISTED = 12;
/** Bars of a histogram. */
const BARS = 48;

/** What a report draws of silence, from the latents of all kept rows. */
export function silenceDigest(latents: NamedArray, silence: Silence): SilenceDigest {
  return atOnce(digestWork(latents, silence));
}

/** As `silenceDigest`, in pieces. */
export function* digestWork({ data, shape: [rows, cols] }: NamedArray, silence: Silence): Work<SilenceDigest> {
  const counts = new Map<string, number>();
  const calls = callsOf(silence);
  const patternOf = (row: number): string => {
    let pattern = "";
    for (let j = 0; j < cols; j++) pattern += calls[j]!.isSilent(data, row * cols + j) ? "1" : "0";
    return pattern;
  };
  yield* inRanges(rows, Math.ceil(STEP / Math.max(cols, 1)), (from, to) => {
    for (let row = from; row < to; row++) {
      const pattern = patternOf(row);
      counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    }
  });
  const histograms: SilenceHistogram[] = [];
  for (const [j, latent] of silence.latents.entries()) {
    histograms.push(yield* histogram(yield* column(data, cols, j), latent));
  }
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, LISTED);
  const drawn = Math.min(rows, DRAWN_ROWS, Math.max(1, Math.floor(DRAWN_CELLS / Math.max(cols, 1))));
  return {
    rows,
    different: counts.size,
    most: most.map(([pattern, count]) => ({ pattern, rows: count })),
    sample: Array.from({ length: drawn }, (_, i) =>
      patternOf(drawn === rows ? i : Math.floor(((i * GOLDEN) % 1) * rows)),
    ),
    histograms,
  };
}

/** What is said of the entry of a latent that stands at a place in `data`, rows one after the other. */
interface Call {
  readonly isSilent: (data: Float32Array, at: number) => boolean;
  readonly probability: (data: Float32Array, at: number) => number;
}

/** The call of each latent: its own, or that of the block that it belongs to. */
function callsOf({ latents, blocks = [] }: Silence): readonly Call[] {
  const calls: Call[] = latents.map((latent) => ({
    isSilent: (data, at) => isSilent(data[at]!, latent),
    probability: (data, at) => probabilityOf(data[at]!, latent),
  }));
  for (const block of blocks) {
    for (let j = 0; j < block.value.length; j++) {
      calls[block.start + j] = {
        isSilent: (data, at) => distance(data, at - j, block.value) <= block.threshold,
        probability: (data, at) => probabilityOfBlock(data, at - j, block),
      };
    }
  }
  return calls;
}

/** From the values of a block, the first of which stands at `start`, to a point. */
function distance(data: Float32Array, start: number, point: readonly number[]): number {
  return Math.hypot(...point.map((at, i) => data[start + i]! - at));
}

/** By Bayes' rule from the two parts of the block's values. */
function probabilityOfBlock(data: Float32Array, start: number, { spike, slab }: SilentBlock): number {
  const look = ({ mean, sd }: BlockPart): number =>
    -mean.length * Math.log(sd) - 0.5 * (distance(data, start, mean) / sd) ** 2;
  return 1 / (1 + (slab.weight / spike.weight) * Math.exp(look(slab) - look(spike)));
}

/** Within the threshold of its silent value. */
function isSilent(value: number, { value: silent, threshold }: SilentLatent): boolean {
  return Math.abs(value - silent) <= threshold;
}

/** By Bayes' rule from the two parts of the latent's values. */
function probabilityOf(value: number, { spike, slab }: SilentLatent): number {
  if (!(spike.weight > 0)) return 0;
  if (!(spike.weight < 1)) return 1;
  const narrow = -Math.log(spike.sd) - 0.5 * ((value - spike.mean) / spike.sd) ** 2;
  const wide = -Math.log(slab.sd) - 0.5 * ((value - slab.mean) / slab.sd) ** 2;
  return 1 / (1 + ((1 - spike.weight) / spike.weight) * Math.exp(wide - narrow));
}

/** Bars of one width, one of them centred on the silent value, over all but the most extreme thousandth at each end. */
function* histogram(values: Float32Array, { value: center }: SilentLatent): Work<SilenceHistogram> {
  const at = (share: number): number => Math.round(share * (values.length - 1));
  const [lowest = center, highest = center] = yield* ranked(values, [at(0.001), at(0.999)]);
  const low = Math.min(lowest, center);
  const high = Math.max(highest, center);
  const width = (high - low) / BARS || 1;
  const before = Math.ceil((center - low) / width - 0.5);
  const from = center - (before + 0.5) * width;
  const counts = new Array<number>(before + 1 + Math.ceil((high - center) / width - 0.5)).fill(0);
  yield* inRanges(values.length, STEP, (start, end) => {
    for (let at = start; at < end; at++) {
      const bar = Math.floor((values[at]! - from) / width);
      if (bar >= 0 && bar < counts.length) counts[bar]!++;
    }
  });
  return { from, width, counts };
}

function* column(data: Float32Array, cols: number, j: number): Work<Float32Array> {
  const values = new Float32Array(data.length / cols);
  yield* inRanges(values.length, STEP, (from, to) => {
    for (let row = from; row < to; row++) values[row] = data[row * cols + j]!;
  });
  return values;
}
