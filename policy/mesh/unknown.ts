/** Values that a preview does not know yet: fields that throw when they are read. */

/** Thrown by fields whose value is known only once something has been deployed. */
export class UnknownValue extends Error {
  constructor(path = "") {
    super(`the value${path === "" ? "" : ` of ${path}`} is known only after deployment`);
    this.name = "UnknownValue";
  }
}

/** The result of a function that may read unknown values; undefined if it reads one. */
export function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValue) {
      return undefined;
    }
    throw error;
  }
}

/** An object whose fields are computed at once; a field that needs an unknown value throws when it is read. */
export function lateFields<T extends object>(fields: { readonly [K in keyof T]: () => T[K] }): T {
  const result: Record<string, unknown> = {};
  for (const [key, read] of Object.entries<() => unknown>(fields)) {
    const value = known(() => ({ is: read() }));
    if (value === undefined) {
      Object.defineProperty(result, key, { get: read, enumerable: true, configurable: true });
    } else {
      result[key] = value.is;
    }
  }
  return result as T;
}

/**
 * The fields of some maps together; a later one's take the place of an earlier one's. Fields that stand for unknown
 * values stay what they are.
 */
export function merge(...maps: readonly (object | undefined)[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const map of maps) {
    Object.defineProperties(merged, Object.getOwnPropertyDescriptors(map ?? {}));
  }
  return merged;
}
