/** Mean and standard deviation with divisor n, of at least one value. */
export function moments(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const average = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const mean = average(values);
  return { mean, sd: Math.sqrt(average(values.map((value) => (value - mean) ** 2))) };
}
