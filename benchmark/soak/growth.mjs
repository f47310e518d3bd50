// The slope of memory over time, and how sure it is.

/** Share of the time at the beginning in which caches and compiled code are still filled. */
const WARM_UP = 0.25;

/**
 * Least squares of memory over time after warming up. Samples next to each other are alike, so the standard error is that of the
 * slopes of blocks left out in turn (jackknife over ten blocks of time).
 *
 * @param samples of `{ s, mib }`
 */
export function growth(samples) {
  const end = samples.at(-1)?.s ?? 0;
  const used = samples.filter(({ s }) => s >= WARM_UP * end);
  const of = (points) => slope(points) * 3600 * 1024;
  const blocks = Math.min(10, used.length);
  const left = Array.from({ length: blocks }, (_, b) =>
    of(used.filter((_, i) => Math.floor((i * blocks) / used.length) !== b)),
  );
  const mean = left.reduce((sum, value) => sum + value, 0) / blocks;
  const spread = left.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    firstMiB: used[0]?.mib,
    lastMiB: used.at(-1)?.mib,
    mostMiB: Math.max(...samples.map(({ mib }) => mib)),
    slopeKiBPerHour: of(used),
    errorKiBPerHour: Math.sqrt(((blocks - 1) / blocks) * spread),
    samples: used.length,
  };
}

/** MiB per second. */
function slope(points) {
  const n = points.length;
  const meanS = points.reduce((sum, { s }) => sum + s, 0) / n;
  const meanM = points.reduce((sum, { mib }) => sum + mib, 0) / n;
  const above = points.reduce((sum, { s, mib }) => sum + (s - meanS) * (mib - meanM), 0);
  return above / points.reduce((sum, { s }) => sum + (s - meanS) ** 2, 0);
}
