import { titleOf as titleOfObject } from "../../cluster/title";
import type { FieldChange } from "./fieldChanges";
import { fieldChanges, shownPair } from "./fieldChanges";
import type { StateResource, Step } from "../pulumi/events";

/** What an update would do to a resource. */
export type ChangeOp = "create" | "update" | "replace" | "delete";

/** A resource that an update would change. */
export interface Change {
  op: ChangeOp;
  /** Pulumi's type. */
  type: string;
  /** `Deployment demo/user-service`, as in findings of policies. */
  title: string;
  /** What it is declared with before and after; undefined where there is none. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** Fields that differ, of a resource that is there before and after. */
  fields: FieldChange[];
  /** Those of them for which the provider replaces the resource. */
  forcing: string[];
}

/** The engine's word for each change. A replacement has three steps, of which one counts. */
const ops: Record<string, ChangeOp> = { create: "create", update: "update", replace: "replace", delete: "delete" };

/**
 * @param steps Steps of a preview against the state of what was before.
 * @returns what changes, by title; without what differs only in values that are unknown before and after. Pure.
 */
export function changesOf(steps: readonly Step[]): Change[] {
  const changes = steps.flatMap((step) => changeOf(step) ?? []);
  // The engine takes resources side by side: their order is another one in each preview.
  return changes.sort((a, b) => (a.title < b.title ? -1 : 1));
}

function changeOf({ op: step, type, keys, old, new: now }: Step): Change | undefined {
  const op = ops[step];
  const state = now ?? old;
  if (op === undefined || !state?.custom || type.startsWith("pulumi:")) {
    return undefined;
  }
  const sides = sidesOf(op, old, now);
  const { before, after } = sides;
  const fields = before && after ? fieldChanges(before, after) : [];
  if (before && after && fields.length === 0) {
    return undefined;
  }
  const forcing = op === "replace" ? forcingOf(fields, keys ?? []) : [];
  return {
    op: op === "replace" && forcing.length === 0 ? "update" : op,
    type,
    title: titleOf(state),
    ...sides,
    fields,
    forcing,
  };
}

/** @returns what a resource is declared with before and after a change, where there is such a thing. */
function sidesOf(op: ChangeOp, old: StateResource | null, now: StateResource | null): Pick<Change, "before" | "after"> {
  return {
    ...(op !== "create" && old?.inputs && { before: old.inputs }),
    ...(op !== "delete" && now?.inputs && { after: now.inputs }),
  };
}

/** @returns the paths of the fields for which the provider replaces the resource. @param keys As the engine has them. */
function forcingOf(fields: readonly FieldChange[], keys: readonly string[]): string[] {
  return fields.map(({ path }) => path).filter((path) => keys.some((key) => isWithin(path, key)));
}

function isWithin(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`) || key.startsWith(`${path}.`);
}

/** @returns kind, namespace and name of a resource; where they are not known, the name that Pulumi has. */
function titleOf({ type, urn, inputs = {} }: StateResource): string {
  const kind = type.split(":").at(-1)!;
  const { name, namespace } = (inputs.metadata ?? inputs) as { name?: unknown; namespace?: unknown };
  if (typeof name !== "string") {
    return `${kind} ${urn.split("::").at(-1)}`;
  }
  return titleOfObject({ kind, name, ...(typeof namespace === "string" && { namespace }) });
}

/** The engine's signs for each change. */
const signs: Record<ChangeOp, string> = { create: "+", update: "~", replace: "+-", delete: "-" };

/** @returns changes as lines for a terminal. */
export function describeChanges(changes: readonly Change[]): string[] {
  return changes.flatMap(({ op, title, fields, forcing }) => [
    `${signs[op]} ${title}`,
    ...fields.map(
      ({ path, before, after }) =>
        `    ${path}: ${shownPair(before, after).join(" => ")}${forcing.includes(path) ? " (replaces it)" : ""}`,
    ),
  ]);
}

/** @returns how many resources each kind of change is of, in words. */
export function countChanges(changes: readonly Change[]): string {
  return Object.keys(signs)
    .map((op) => `${changes.filter((change) => change.op === op).length} to ${op}`)
    .join(", ");
}
