import { fail } from "./errors.js";
import type { Silence, SilentLatent, Summary } from "./generated/types.js";
import type { NamedArray, SilenceDigest, SilenceHistogram } from "./record.js";

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
 * Which latents are switched off in which row, by what a fit learnt of their silent values.
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
 * const { silent, shape } = latentSilence(model.latents, model.summary);
 * console.log(shape); // [ 4000, 4 ]
 * console.log("the first row, 1 = switched off:", silent.subarray(0, 4));
 * ```
 */
export function latentSilence(latents: NamedArray, summary: Pick<Summary, "method" | "silence">): LatentSilence {
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
  for (let at = 0; at < data.length; at++) {
    const latent = silence.latents[at % cols]!;
    silent[at] = Number(isSilent(data[at]!, latent));
    probability[at] = probabilityOf(data[at]!, latent);
  }
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
export function silenceDigest({ data, shape: [rows, cols] }: NamedArray, silence: Silence): SilenceDigest {
  const counts = new Map<string, number>();
  const patterns = Array.from({ length: rows }, (_, row) => {
    const pattern = silence.latents.map((latent, j) => Number(isSilent(data[row * cols + j]!, latent))).join("");
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    return pattern;
  });
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, LISTED);
  const drawn = Math.min(rows, DRAWN_ROWS, Math.max(1, Math.floor(DRAWN_CELLS / Math.max(cols, 1))));
  return {
    rows,
    different: counts.size,
    most: most.map(([pattern, count]) => ({ pattern, rows: count })),
    sample:
      drawn === rows
        ? patterns
        : Array.from({ length: drawn }, (_, i) => patterns[Math.floor(((i * GOLDEN) % 1) * rows)]!),
    histograms: silence.latents.map((latent, j) => histogram(column(data, cols, j), latent)),
  };
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
function histogram(values: Float32Array, { value: centre }: SilentLatent): SilenceHistogram {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? centre;
  const low = Math.min(at(0.001), centre);
  const high = Math.max(at(0.999), centre);
  const width = (high - low) / BARS || 1;
  const before = Math.ceil((centre - low) / width - 0.5);
  const from = centre - (before + 0.5) * width;
  const counts = new Array<number>(before + 1 + Math.ceil((high - centre) / width - 0.5)).fill(0);
  for (const value of values) {
    const bar = Math.floor((value - from) / width);
    if (bar >= 0 && bar < counts.length) counts[bar]!++;
  }
  return { from, width, counts };
}

function column(data: Float32Array, cols: number, j: number): Float32Array {
  return Float32Array.from({ length: data.length / cols }, (_, row) => data[row * cols + j]!);
}
