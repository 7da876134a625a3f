/** Values as manifests hold them: anything, until it was looked at. */

/** Whether a value is a map: neither a list, nor null, nor a scalar. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of some maps together; a later one's take the place of an earlier one's. Fields that stand for unknown values stay what they are. */
export function merge(...maps: readonly (object | undefined)[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const map of maps) {
    Object.defineProperties(merged, Object.getOwnPropertyDescriptors(map ?? {}));
  }
  return merged;
}
