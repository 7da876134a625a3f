/** Milliseconds of each unit that Istio takes in a duration and that makes sense for a request. */
const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/**
 * @returns the milliseconds of a duration such as `250ms`, `1.5s` or `1m30s`; undefined for anything else. A bare
 * number is not a duration, because its unit is unknown.
 */
export function milliseconds(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) {
    return undefined;
  }
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}

/** A day: no request takes longer, and what is longer by far overflows in Istio. */
const longestMs = 24 * 3_600_000;

/**
 * @returns true for a duration of at least a millisecond, the shortest that Istio's webhook accepts, and at most a day.
 */
export function isDuration(value: unknown): value is string {
  const ms = typeof value === "string" ? (milliseconds(value) ?? 0) : 0;
  return ms >= 1 && ms <= longestMs;
}
