// Summaries of repeated measurements.

/** The middle value; of an even number of values the mean of the middle two. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A row of the timing benchmarks from the time of each block, in microseconds. */
export function timingRow(work, engine, setting, times) {
  const minUs = times.reduce((least, time) => Math.min(least, time)); // There may be more than a call takes arguments.
  return { work, engine, setting, minUs, medianUs: median(times), blocks: times.length };
}

/** The fastest row of an engine on a piece of work, by its minimum. */
export function best(rows, work, engine) {
  const own = rows.filter((row) => row.work === work && row.engine === engine);
  return own.length === 0 ? undefined : own.reduce((a, b) => (b.minUs < a.minUs ? b : a));
}

/** Slope of the logarithm of y on that of x, by least squares, of pairs [x, y]. */
export function exponent(pairs) {
  const logs = pairs.map((pair) => pair.map(Math.log));
  const [mx, my] = [0, 1].map((i) => mean(logs.map((pair) => pair[i])));
  const both = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return both / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** Uniform numbers from 0 to 1, the same on every machine: for data of which only the size matters. */
export function uniforms(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
