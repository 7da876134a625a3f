import type { DeclaredResource } from "./pulumi/events";

/** What a change of the program changes in what it declares. */
export interface DeclaredDiff {
  /** `Kind name`. */
  added: string[];
  removed: string[];
  changed: { resource: string; fields: FieldChange[] }[];
}

/** A field that differs; undefined where one side lacks it. */
export interface FieldChange {
  path: string;
  before: unknown;
  after: unknown;
}

/** @returns what differs between two declarations; order is no difference. */
export function diffDeclared(before: readonly DeclaredResource[], after: readonly DeclaredResource[]): DeclaredDiff {
  const old = byIdentity(before);
  const now = byIdentity(after);
  const missingFrom = (other: typeof old) => (resource: DeclaredResource) => !other.has(identity(resource));
  return {
    added: [...now.values()].filter(missingFrom(old)).map(title),
    removed: [...old.values()].filter(missingFrom(now)).map(title),
    changed: [...now.values()].flatMap((resource) => {
      const earlier = old.get(identity(resource));
      const fields = earlier ? fieldChanges(earlier.props, resource.props) : [];
      return fields.length > 0 ? [{ resource: title(resource), fields }] : [];
    }),
  };
}

/** @returns the difference as lines, in the signs of a diff. */
export function describeDiff({ added, removed, changed }: DeclaredDiff): string[] {
  return [
    ...added.map((resource) => `+ ${resource}`),
    ...removed.map((resource) => `- ${resource}`),
    ...changed.flatMap(({ resource, fields }) => [
      `~ ${resource}`,
      ...fields.map(({ path, before, after }) => `    ${path}: ${shownPair(before, after).join(" => ")}`),
    ]),
  ];
}

function fieldChanges(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (isNode(before) && isNode(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) =>
      fieldChanges(before[key], after[key], Array.isArray(after) ? `${path}[${key}]` : path ? `${path}.${key}` : key),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function identity({ type, name }: DeclaredResource): string {
  return `${type}::${name}`;
}

function byIdentity(resources: readonly DeclaredResource[]): Map<string, DeclaredResource> {
  return new Map(resources.map((resource) => [identity(resource), resource]));
}

function title({ type, name }: DeclaredResource): string {
  return `${type.split(":").at(-1)} ${name}`;
}

/** Characters of a value that are shown, and how many of those come before what differs. */
const window = { length: 80, lead: 20 };

/** Two values, each in one short line; of long ones, such as a file in a ConfigMap, the part where they begin to differ. */
function shownPair(before: unknown, after: unknown): [string, string] {
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
