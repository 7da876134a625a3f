/** Writes findings for people and for machines. */
import type { CheckedManifests, Undetermined } from "./check";
import type { Problem } from "./mesh/manifests";
import type { Finding, Rule } from "./rule";

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

/** The level of an entry for a document that was not read, beside those of findings. */
const unreadLevel = "unread";

/** The findings as a JSON array, and an entry of level `unread` for each document that could not be read. */
export function toJson(findings: readonly Finding[], unread: readonly Problem[] = []): string {
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
    ...unread.map(({ file, line, message }): JsonFinding => ({
      policy: "",
      code: "",
      level: unreadLevel,
      resource: "",
      field: "",
      message,
      file,
      line,
    })),
  ];
  return JSON.stringify(list, undefined, 2);
}

/** The findings as commands of a GitHub Actions workflow, which shows them beside the lines of a pull request. */
export function toGithub(findings: readonly Finding[], unread: readonly Problem[]): string {
  const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const command = (level: string, file: string | undefined, line: number | undefined, title: string, text: string) => {
    const place = file === undefined ? "" : `file=${property(file)},line=${line ?? 1},`;
    return `::${level} ${place}title=${property(title)}::${data(text)}`;
  };
  return [
    ...unread.map(({ file, line, message }) => command("error", file, line, "mesh-check: not read", message)),
    ...findings.map(({ level, rule, resource, field, message, file, line }) =>
      command(level === "mandatory" ? "error" : "warning", file, line, rule, `${resource}: ${field}: ${message}`),
    ),
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

/** The findings as text: one a line, a count, and what was not judged. */
export function toText({ findings, problems, resources, notJudged }: CheckedManifests): string {
  const lines = findings.map((finding) => {
    const { level, rule, code, resource, field, message } = finding;
    const codes = code === rule ? rule : `${rule}, ${code}`;
    return `${place(finding)}${level}: ${resource}: ${field}: ${message} [${codes}]`;
  });
  const count = (level: string): number => findings.filter((finding) => finding.level === level).length;
  const summary =
    findings.length === 0
      ? `${resources} resources, nothing found`
      : `${resources} resources, ${count("mandatory")} mandatory and ${count("advisory")} advisory findings`;
  const unread = problems.length === 0 ? "" : `, ${problems.length} documents not read`;
  const rest = notJudged.length === 0 ? [] : [`not judged: ${countKinds(notJudged)}.`];
  return [...lines, `${summary}${unread}.`, ...rest].join("\n");
}

/** The findings as SARIF 2.1.0, which code scanning reads. */
export function toSarif(findings: readonly Finding[], problems: readonly Problem[], rules: readonly Rule[]): string {
  const used = new Set(findings.map(({ rule }) => rule));
  const location = (file: string | undefined, line: number | undefined) => ({
    physicalLocation: {
      artifactLocation: { uri: (file ?? "").replaceAll("\\", "/") },
      region: { startLine: line ?? 1 },
    },
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
            toolExecutionNotifications: problems.map(({ file, line, message }) => ({
              level: "error",
              message: { text: message },
              locations: [location(file, line)],
            })),
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
