/** Whether a value that was read from a file is a map: neither a list, nor null, nor a scalar. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
