/** Writes findings for people and for machines. */
import type { CheckedManifests, Undetermined } from "./check";
import { position, title } from "./mesh/resource";
import type { Rule } from "./rule";

/** A finding as `mesh-check --format json` gives it. */
export interface JsonFinding {
  policy: string;
  code: string;
  level: string;
  resource: string;
  field: string;
  message: string;
  file: string | null;
  line: number | null;
}

/**
 * Levels of entries beside those of findings: for a document that was not read, and for a resource that was not judged.
 */
const unreadLevel = "unread";
const notJudgedLevel = "notJudged";

const notJudgedReason = "What its controller makes of it, such as pods, is not in the manifests, so it is not judged.";

/**
 * The findings as a JSON array, with an entry of level `unread` for each document that could not be read, and one of
 * level `notJudged` for each custom resource whose pods are unknown.
 */
export function toJson({ findings, problems, notJudged }: CheckedManifests): string {
  const list = [
    ...findings.map(({ rule, code, level, resource, field, message, file, line }): JsonFinding => ({
      policy: rule,
      code,
      level,
      resource,
      field,
      message,
      file: file ?? null,
      line: line ?? null,
    })),
    ...problems.map(({ file, line, message }) => entry({ level: unreadLevel, message, file, line })),
    ...notJudged.map((resource) =>
      entry({
        level: notJudgedLevel,
        resource: title(resource),
        message: notJudgedReason,
        ...position(resource, "kind"),
      }),
    ),
  ];
  return JSON.stringify(list, undefined, 2);
}

/** An entry that is no finding of a rule. */
function entry(of: Pick<JsonFinding, "level" | "message"> & Partial<JsonFinding>): JsonFinding {
  return { policy: "", code: "", resource: "", field: "", file: null, line: null, ...of };
}

/**
 * The findings as commands of a GitHub Actions workflow, which shows them beside the lines of a pull request. What is
 * not judged is a notice; the summary is a line of the log.
 */
export function toGithub(checked: CheckedManifests): string {
  const { findings, problems, notJudged } = checked;
  const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const command = (level: string, file: string | undefined, line: number | undefined, title: string, text: string) => {
    const place = file === undefined ? "" : `file=${property(file)},line=${line ?? 1},`;
    return `::${level} ${place}title=${property(title)}::${data(text)}`;
  };
  return [
    ...problems.map(({ file, line, message }) => command("error", file, line, "mesh-check: not read", message)),
    ...findings.map(({ level, rule, resource, field, message, file, line }) =>
      command(level === "mandatory" ? "error" : "warning", file, line, rule, `${resource}: ${field}: ${message}`),
    ),
    ...(notJudged.length === 0
      ? []
      : [command("notice", undefined, undefined, "mesh-check: not judged", countKinds(notJudged))]),
    summary(checked),
  ].join("\n");
}

/** What a rule could not say of a resource, in one line. */
export function describeUndetermined({ resource, rule, reason }: Undetermined): string {
  return `${resource}: ${rule} is not judged yet, for ${reason}.`;
}

/** Where a finding stands, as editors and terminals take it: `file:line`. */
function place({ file, line }: { file?: string; line?: number }): string {
  return file === undefined ? "" : `${file}:${line ?? 1}: `;
}

/** How many resources there are of each kind: `3 TaskRun, 1 Kafka`. */
function countKinds(resources: CheckedManifests["notJudged"]): string {
  const counts = new Map<string, number>();
  resources.forEach(({ kind }) => counts.set(kind, (counts.get(kind) ?? 0) + 1));
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}

/** How much was read and found, in one line. */
function summary({ findings, problems, resources }: CheckedManifests): string {
  const count = (level: string): number => findings.filter((finding) => finding.level === level).length;
  const found =
    resources === 0
      ? "nothing is checked"
      : findings.length === 0
        ? "nothing found"
        : `${count("mandatory")} mandatory and ${count("advisory")} advisory findings`;
  const unread = problems.length === 0 ? "" : `, ${problems.length} documents not read`;
  return `${resources} resources, ${found}${unread}.`;
}

/** The findings as text: one a line, a count, and what was not judged. */
export function toText(checked: CheckedManifests): string {
  const { findings, notJudged } = checked;
  const lines = findings.map((finding) => {
    const { level, rule, code, resource, field, message } = finding;
    const codes = code === rule ? rule : `${rule}, ${code}`;
    return `${place(finding)}${level}: ${resource}: ${field}: ${message} [${codes}]`;
  });
  const rest = notJudged.length === 0 ? [] : [`not judged: ${countKinds(notJudged)}.`];
  return [...lines, summary(checked), ...rest].join("\n");
}

/** The findings as SARIF 2.1.0, which code scanning reads. */
export function toSarif({ findings, problems, notJudged }: CheckedManifests, rules: readonly Rule[]): string {
  const used = new Set(findings.map(({ rule }) => rule));
  const location = (file: string | undefined, line: number | undefined) => ({
    physicalLocation: {
      artifactLocation: { uri: (file ?? "").replaceAll("\\", "/") },
      region: { startLine: line ?? 1 },
    },
  });
  const notification = (level: string, text: string, file?: string, line?: number) => ({
    level,
    message: { text },
    locations: [location(file, line)],
  });
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "mesh-check",
            rules: rules
              .filter(({ name }) => used.has(name))
              .map(({ name, description, rationale, fix, source }) => ({
                id: name,
                shortDescription: { text: description },
                fullDescription: { text: rationale },
                help: { text: fix },
                helpUri: source,
              })),
          },
        },
        invocations: [
          {
            executionSuccessful: problems.length === 0,
            toolExecutionNotifications: [
              ...problems.map(({ file, line, message }) => notification("error", message, file, line)),
              ...notJudged.map((resource) => {
                const { file, line } = position(resource, "kind") ?? {};
                return notification("note", `${title(resource)}: ${notJudgedReason}`, file, line);
              }),
            ],
          },
        ],
        results: findings.map(({ rule, code, level, resource, field, message, file, line }) => ({
          ruleId: rule,
          level: level === "mandatory" ? "error" : "warning",
          message: { text: `${resource}: ${field}: ${message}` },
          ...(file !== undefined && { locations: [location(file, line)] }),
          properties: { code, resource, field },
        })),
      },
    ],
  };
  return JSON.stringify(log, undefined, 2);
}
