/** A field that differs; undefined where one side lacks it. */
export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
}

/**
 * @returns the fields in which two values differ; the order of keys is no difference. Items of a list that all have a
 * name, such as containers, are compared by it: `containers[istio-proxy].image`.
 */
export function fieldChanges(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [byName(before), byName(after)];
    return old && now
      ? changesWithin(old, now, (key) => `${path}[${key}]`)
      : changesWithin(before, after, (key) => `${path}[${key}]`);
  }
  if (isNode(before) && isNode(after) && Array.isArray(before) === Array.isArray(after)) {
    return changesWithin(before, after, (key) => (path ? `${path}.${key}` : key));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function changesWithin(before: object, after: object, pathOf: (key: string) => string): FieldChange[] {
  const [old, now] = [before, after] as Record<string, unknown>[];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => fieldChanges(old![key], now![key], pathOf(key)));
}

/** @returns a list's items by their names; undefined if one has none, or two have the same. */
function byName(list: readonly unknown[]): Record<string, unknown> | undefined {
  const named = list.map((item) => [isNode(item) && typeof item.name === "string" ? item.name : "", item] as const);
  const names = new Set(named.map(([name]) => name));
  return names.size === list.length && !names.has("") ? Object.fromEntries(named) : undefined;
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Characters of a value that are shown, and how many of those come before what differs. */
const window = { length: 80, lead: 20 };

/**
 * @returns two values, each in one short line; of long ones, such as a file in a ConfigMap, the part where they begin
 * to differ.
 */
export function shownPair(before: unknown, after: unknown): [string, string] {
  const [one, other] = [text(before), text(after)];
  let same = 0;
  while (same < Math.min(one.length, other.length) && one[same] === other[same]) {
    same++;
  }
  const from = Math.max(one.length, other.length) > window.length ? Math.max(0, same - window.lead) : 0;
  const cut = (whole: string) => {
    const end = from + window.length;
    return `${from > 0 ? "..." : ""}${whole.slice(from, end)}${whole.length > end ? "..." : ""}`;
  };
  return [cut(one), cut(other)];
}

function text(value: unknown): string {
  return value === undefined ? "(none)" : JSON.stringify(value);
}
