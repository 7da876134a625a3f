import { isUnknown } from "../policy/mesh/pulumi";
import type { DeclaredDiff } from "./declaredDiff";
import { describeDiff } from "./declaredDiff";
import type { DeclaredResource, PolicyViolation } from "./pulumi/events";

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
  /** What differs from the base, where there is one; or why it could not be compared. */
  diff?: DeclaredDiff | { failure: string };
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
export function verdict({ passed: ok, resources, violations, diff }: StackPreview): string {
  const { open, mandatory, advisory } = countOf(violations);
  const parts = [
    `pulumi preview ${ok ? "passes" : "fails"}`,
    `${resources.length} resources`,
    `${mandatory} mandatory findings`,
    `${advisory} advisory`,
  ];
  if (diff && "added" in diff) {
    parts.push(`${diff.added.length} added, ${diff.changed.length} changed, ${diff.removed.length} removed`);
  }
  if (open > 0) {
    parts.push(`${open} not judged yet`);
  }
  return parts.join(", ");
}

/** @returns what no preview of this kind can know. */
export function limitsOf({ base, context }: Pick<PreviewReport, "base" | "context">): string[] {
  return [
    "It compares with no state, so everything is new: what would change or be deleted in a stack that is deployed is not known.",
    ...(base === undefined
      ? []
      : [
          `Changes are those of the declaration since ${base}, run with the packages that are installed now. Whether a stack that is deployed was at that commit is not known.`,
        ]),
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

/** @returns what a policy found as one line: how bad, which rule, what and how to fix it. */
export function describeViolation({ policy, level, message }: PolicyViolation): string {
  // The first line is the policy's description.
  return `[${level}] ${policy}: ${message.split("\n").at(-1)}`;
}

function cell(ok: boolean, text: string): string {
  const escaped = text.replaceAll("|", "\\|");
  return ok ? escaped : `**${escaped}**`;
}

function describeStack({ stack, said, resources, violations, diff }: StackPreview): string[] {
  const unknown = unknownFields(resources);
  const differences = diff === undefined ? [] : "failure" in diff ? [diff.failure] : describeDiff(diff);
  return [
    ...(violations.length === 0
      ? []
      : [`Findings in \`${stack}\`:`, "", ...violations.map((one) => `- ${describeViolation(one)}`), ""]),
    ...(differences.length === 0 ? [] : details(`What changes in ${stack}`, differences.join("\n"))),
    ...(resources.length === 0 ? [] : details(`What ${stack} declares`, byKind(resources).join("\n"))),
    ...(unknown.length === 0 ? [] : details(`Known only once ${stack} is applied`, unknown.join("\n"))),
    ...details(`pulumi preview of ${stack}`, said),
  ];
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
