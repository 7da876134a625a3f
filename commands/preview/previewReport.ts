import { isUnknown } from "../../policy/mesh/pulumi";
import type { Change } from "./changes";
import { countChanges } from "./changes";
import { shownPair } from "./fieldChanges";
import type { DeclaredResource, PolicyViolation } from "../pulumi/events";
import { reviewPoints } from "./reviewPoints";

/** A command of the project that was run before the previews, such as the linter. */
export interface StepResult {
  /** As it is typed: `npm run lint`. */
  command: string;
  passed: boolean;
  /** What it printed. */
  said: string;
}

/** What `pulumi preview` with the policy pack found in a stack. */
export interface StackPreview {
  stack: string;
  passed: boolean;
  /** What the CLI printed. */
  said: string;
  resources: readonly DeclaredResource[];
  violations: readonly PolicyViolation[];
  /** What an update from the base would change, where there is a base; or why it could not be compared. */
  changes?: readonly Change[] | { failure: string };
  /** Edges that are used today and that the change breaks, a line each; undefined if no cluster was asked. */
  brokenEdges?: readonly string[];
  /** Where a resource is declared, as `file:line`, by its URN, as far as it is known. */
  places?: Readonly<Record<string, string>>;
}

/** All that `npm run ci:preview` found. */
export interface PreviewReport {
  steps: readonly StepResult[];
  stacks: readonly StackPreview[];
  /** Commit that the declarations are compared with; undefined for none. */
  base?: string;
  /** Version of the Pulumi CLI. */
  cliVersion: string;
  /** Context of the cluster that was asked; undefined for none. */
  context?: string;
}

/** Characters of a command's output that the Markdown keeps; a comment on GitHub may have 65536 in all. */
const keptCharacters = 12_000;

/** Whether nothing stands against merging. */
export function passed({ steps, stacks }: PreviewReport): boolean {
  return [...steps, ...stacks].every((one) => one.passed);
}

/** What the pack says of a rule that it could not apply, for a value is known only later. */
const notJudged = /is not judged yet/;

function countOf(violations: readonly PolicyViolation[]) {
  const open = violations.filter(({ message }) => notJudged.test(message)).length;
  const mandatory = violations.filter(({ level }) => level === "mandatory").length;
  return { open, mandatory, advisory: violations.length - mandatory - open };
}

/** @returns a stack's result in one line. */
export function verdict({ passed: ok, resources, violations, changes }: StackPreview): string {
  const { open, mandatory, advisory } = countOf(violations);
  const parts = [
    `pulumi preview ${ok ? "passes" : "fails"}`,
    `${resources.length} resources`,
    `${mandatory} mandatory findings`,
    `${advisory} advisory`,
  ];
  if (changes && !("failure" in changes)) {
    parts.push(countChanges(changes));
  }
  if (open > 0) {
    parts.push(`${open} not judged yet`);
  }
  return parts.join(", ");
}

/** @returns what no preview of this kind can know. */
export function limitsOf({ base, context }: Pick<PreviewReport, "base" | "context">): string[] {
  return [
    base === undefined
      ? "It compares with no state, so everything is new: what would change or be deleted in a stack that is deployed is not known."
      : `Changes are those of an update from ${base}, as if all of it had been applied with the packages that are installed now. Whether a stack that is deployed was at that commit is not known.`,
    context === undefined
      ? "No cluster was asked. What is in it already, whether its admission controllers and quotas accept the objects, whether nodes have room, and whether images can be pulled is not known."
      : `Cluster ${context} was asked for a dry run, as it is now. Istio's own resource types are there only after Istio is; whether nodes have room and images can be pulled is not known either.`,
    "Istio's charts are one resource each. What they render is seen when they are installed.",
  ];
}

/** @returns the fields whose value only an applied stack has: `Kind name: field`. */
export function unknownFields(resources: readonly DeclaredResource[]): string[] {
  return resources.flatMap(({ type, name, props }) =>
    unknownPaths(props).map((path) => `${type.split(":").at(-1)} ${name}: ${path}`),
  );
}

function unknownPaths(value: unknown, path = ""): string[] {
  if (isUnknown(value)) {
    return [path];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, item]) => unknownPaths(item, path === "" ? key : `${path}.${key}`));
}

/** @returns the report as Markdown, for a comment on a pull request. */
export function toMarkdown(report: PreviewReport): string {
  const { steps, stacks, cliVersion, context } = report;
  const rows = [
    ...steps.map(({ command, passed: ok }) => `| \`${command}\` | ${ok ? "passes" : "**fails**"} |`),
    ...stacks.map((stack) => `| preview of \`${stack.stack}\` | ${cell(stack.passed, verdict(stack))} |`),
  ];
  return [
    `## Preview: ${passed(report) ? "passes" : "fails"}`,
    "",
    `Run with: Pulumi CLI ${cliVersion}; ${context === undefined ? "no cluster" : `cluster \`${context}\``}.`,
    "",
    "| step | result |",
    "| --- | --- |",
    ...rows,
    "",
    ...steps.filter((step) => !step.passed).flatMap(({ command, said }) => details(`What ${command} says`, said)),
    ...stacks.flatMap(describeStack),
    "### What this preview can't know",
    "",
    ...limitsOf(report).map((limit) => `- ${limit}`),
    "",
  ].join("\n");
}

function cell(ok: boolean, text: string): string {
  return ok ? escaped(text) : `**${escaped(text)}**`;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function describeStack({
  stack,
  said,
  resources,
  violations,
  changes,
  brokenEdges,
  places = {},
}: StackPreview): string[] {
  const unknown = unknownFields(resources);
  const known = changes && !("failure" in changes) ? changes : [];
  return [
    `### ${stack}`,
    "",
    ...lookAt(known, violations, brokenEdges),
    ...(changes && "failure" in changes ? details(`Why ${stack} could not be compared`, changes.failure) : []),
    ...(known.length > 0 ? [...changeTable(known), ""] : []),
    ...(changes && !("failure" in changes) && known.length === 0 ? ["No resource changes.", ""] : []),
    ...violationTable(violations, places),
    ...(resources.length === 0 ? [] : details(`What ${stack} declares`, byKind(resources).join("\n"))),
    ...(unknown.length === 0 ? [] : details(`Known only once ${stack} is applied`, unknown.join("\n"))),
    ...details(`pulumi preview of ${stack}`, said),
  ];
}

/** What a reviewer should look at: findings that forbid the change first. */
function lookAt(
  changes: readonly Change[],
  violations: readonly PolicyViolation[],
  brokenEdges: readonly string[] = [],
): string[] {
  const forbidden = violations.filter(({ level }) => level === "mandatory");
  const points = [
    ...new Set(forbidden.map(({ policy }) => `Policy \`${policy}\` forbids this: see its findings below.`)),
    ...reviewPoints(changes),
    ...brokenEdges,
  ];
  return points.length === 0 ? [] : ["**What a reviewer should look at**", "", ...points.map((one) => `- ${one}`), ""];
}

/** Rows, and fields of a row, that the tables show; the preview itself has all. */
const most = { rows: 60, fields: 6 };

/** Most severe first. */
const order = ["replace", "delete", "update", "create"] as const;

function changeTable(changes: readonly Change[]): string[] {
  const sorted = order.flatMap((op) => changes.filter((change) => change.op === op));
  const rows = sorted.slice(0, most.rows).map(({ op, title, fields, forcing }) => {
    const shown = fields.slice(0, most.fields).map(({ path, before, after }) => {
      const [was, is] = shownPair(before, after);
      return `${code(path)}: ${code(was)} to ${code(is)}${forcing.includes(path) ? " (**replaces it**)" : ""}`;
    });
    const rest = fields.length > most.fields ? [`and ${fields.length - most.fields} more`] : [];
    return `| ${op === "replace" || op === "delete" ? `**${op}**` : op} | ${code(title)} | ${[...shown, ...rest].join("<br>")} |`;
  });
  return [
    `| change | resource | fields |`,
    "| --- | --- | --- |",
    ...rows,
    ...(sorted.length > most.rows ? [`| | and ${sorted.length - most.rows} more | |`] : []),
  ];
}

function violationTable(violations: readonly PolicyViolation[], places: Readonly<Record<string, string>>): string[] {
  if (violations.length === 0) {
    return [];
  }
  const rank = ({ level, policy, message }: PolicyViolation) => `${level === "mandatory" ? 0 : 1} ${policy} ${message}`;
  const sorted = [...violations].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const rows = sorted.map(({ policy, level, message, urn = "" }) => {
    const place = places[urn];
    return `| ${level === "mandatory" ? "**mandatory**" : level} | \`${policy}\` | ${escaped(message.split("\n").at(-1)!)} | ${place ? code(place) : ""} |`;
  });
  return ["| level | policy | finding and fix | declared in |", "| --- | --- | --- | --- |", ...rows, ""];
}

/** @returns text as code in a cell of a table; a backtick inside would end it. */
function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

/** One line for each kind, in the order in which a kind first comes. */
function byKind(resources: readonly DeclaredResource[]): string[] {
  const kinds = new Map<string, string[]>();
  for (const { type, name } of resources.filter((resource) => !resource.type.startsWith("pulumi:"))) {
    const kind = type.split(":").at(-1) ?? type;
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  return [...kinds].map(([kind, names]) => `${kind}: ${names.join(", ")}`);
}

function details(summary: string, text: string): string[] {
  const cut = text.length > keptCharacters ? `[...]\n${text.slice(-keptCharacters)}` : text;
  // A fence longer than any in the text can't be closed by it.
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return ["<details>", `<summary>${summary}</summary>`, "", fence, cut, fence, "", "</details>", ""];
}
