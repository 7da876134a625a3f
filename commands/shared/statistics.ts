/** Milliseconds at which a share of the requests was done. */
export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/**
 * @param values Numbers in any order.
 * @param percent 0 to 100.
 * @returns the smallest value that as many percent of the values do not exceed; undefined of none.
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** @returns percentiles in milliseconds, to a tenth; undefined of no values. */
export function percentiles(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) {
    return undefined;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => round(percentile(sorted, percent)!);
  return { p50: at(50), p90: at(90), p99: at(99), max: at(100) };
}

/** @returns how often each key was there, the most frequent first. */
export function tally(keys: readonly (string | number)[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    counts.set(String(key), (counts.get(String(key)) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

/** @returns a number of milliseconds to a tenth. */
export function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
