import type { Outcome } from "../policy/check";
import { isUnknown } from "../policy/mesh/pulumi";
import { describeUndetermined } from "../policy/report";
import type { DeclaredResource } from "../toolchain/applier/declare";
import type { DeclaredDiff } from "./declaredDiff";
import { describeDiff } from "./declaredDiff";
import { describeFinding } from "./policyCheck";

/** A command of the project that was run before the previews, such as the linter. */
export interface StepResult {
  /** As it is typed: `npm run lint`. */
  command: string;
  passed: boolean;
  /** What it printed. */
  said: string;
}

/** What a stack's program came to. */
export interface StackPreview {
  stack: string;
  /** Why the program could not be run to its end. */
  failure?: string;
  resources: readonly DeclaredResource[];
  outcome: Outcome;
  /** What differs from the base, where there is one; or why it could not be told. */
  diff?: DeclaredDiff | { failure: string };
  /** The Pulumi CLI's own preview, where there is a CLI. */
  cli?: { passed: boolean; said: string };
}

/** All that `npm run ci:preview` found. */
export interface PreviewReport {
  steps: readonly StepResult[];
  stacks: readonly StackPreview[];
  /** Commit that the declarations are compared with; undefined for none. */
  base?: string;
  /** Version of the Pulumi CLI; undefined where there is none. */
  cliVersion?: string;
  /** Context of the cluster that the CLI asked; undefined for none. */
  context?: string;
}

/** Characters of a command's output that the Markdown keeps; a comment on GitHub may have 65536 in all. */
const keptCharacters = 12_000;

/** Whether nothing stands against merging. */
export function passed({ steps, stacks }: PreviewReport): boolean {
  return steps.every((step) => step.passed) && stacks.every(stackPassed);
}

function stackPassed({ failure, outcome, cli }: StackPreview): boolean {
  return failure === undefined && mandatory(outcome) === 0 && cli?.passed !== false;
}

function mandatory({ findings }: Outcome): number {
  return findings.filter(({ level }) => level === "mandatory").length;
}

/** @returns a stack's result in one line. */
export function verdict({ failure, resources, outcome, diff, cli }: StackPreview): string {
  if (failure !== undefined) {
    return `the program fails: ${failure.split("\n")[0]}`;
  }
  const advisory = outcome.findings.length - mandatory(outcome);
  const parts = [`${resources.length} resources`, `${mandatory(outcome)} mandatory findings`, `${advisory} advisory`];
  if (diff && "added" in diff) {
    parts.push(`${diff.added.length} added, ${diff.changed.length} changed, ${diff.removed.length} removed`);
  }
  if (outcome.undetermined.length > 0) {
    parts.push(`${outcome.undetermined.length} not judged yet`);
  }
  if (cli) {
    parts.push(cli.passed ? "pulumi preview passes" : "pulumi preview fails");
  }
  return parts.join(", ");
}

/** @returns what no preview of this kind can know. */
export function limitsOf({
  base,
  cliVersion,
  context,
}: Pick<PreviewReport, "base" | "cliVersion" | "context">): string[] {
  return [
    cliVersion === undefined
      ? "There is no Pulumi CLI here, so the program was run in-process and compared with no state: what would change or be deleted in a stack that exists is not known."
      : "It compares with the state of the backend that you are logged in to. A local backend that is made for one run is empty: everything in it is new.",
    ...(base === undefined
      ? []
      : [
          `Changes are those of the declaration since ${base}, run with the packages that are installed now. Whether a stack that exists was at that commit is not known.`,
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
  const engine = cliVersion === undefined ? "in-process, without the Pulumi CLI" : `Pulumi CLI ${cliVersion}`;
  const rows = [
    ...steps.map(({ command, passed: ok }) => `| \`${command}\` | ${ok ? "passes" : "**fails**"} |`),
    ...stacks.map((stack) => `| preview of \`${stack.stack}\` | ${cell(stackPassed(stack), verdict(stack))} |`),
  ];
  return [
    `## Preview: ${passed(report) ? "passes" : "fails"}`,
    "",
    `Run with: ${engine}; ${context === undefined ? "no cluster" : `cluster \`${context}\``}.`,
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
  const escaped = text.replaceAll("|", "\\|");
  return ok ? escaped : `**${escaped}**`;
}

function describeStack({ stack, failure, resources, outcome, diff, cli }: StackPreview): string[] {
  const unknown = unknownFields(resources);
  const differences = diff === undefined ? [] : "failure" in diff ? [diff.failure] : describeDiff(diff);
  return [
    ...(failure === undefined ? [] : details(`Why ${stack} fails`, failure)),
    ...(outcome.findings.length === 0
      ? []
      : [`Findings in \`${stack}\`:`, "", ...outcome.findings.map((finding) => `- ${describeFinding(finding)}`), ""]),
    ...(differences.length === 0 ? [] : details(`What changes in ${stack}`, differences.join("\n"))),
    ...(resources.length === 0 ? [] : details(`What ${stack} declares`, byKind(resources).join("\n"))),
    ...(outcome.undetermined.length === 0
      ? []
      : details(`Not judged yet in ${stack}`, outcome.undetermined.map(describeUndetermined).join("\n"))),
    ...(unknown.length === 0 ? [] : details(`Known only once ${stack} is applied`, unknown.join("\n"))),
    ...(cli ? details(`pulumi preview of ${stack}`, cli.said) : []),
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
