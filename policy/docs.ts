/** Writes docs/policies: a page for each rule, from the rule itself. Run it with `tsx policy/docs.ts`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rule } from "./rule";
import { rules } from "./rules/index";
import { uncoveredCodes } from "./uncoveredCodes";

/** Where the pages are. */
export const folder = join(__dirname, "../docs/policies");

/** Pages that are written by hand. */
const written = new Set(["samples.md"]);

function levelText({ level }: Rule): string {
  return typeof level === "string" ? level : `${level.dev} in dev, ${level.prod} in prod`;
}

function codesText({ codes }: Rule): string {
  return codes.length === 0 ? "none" : codes.join(", ");
}

/** The page of a rule. */
export function page(rule: Rule): string {
  const { name, description, rationale, fix, source, config = {} } = rule;
  const keys = Object.entries(config);
  const configuration =
    keys.length === 0
      ? []
      : [
          "## Configuration",
          "",
          "| key | default | meaning |",
          "| --- | --- | --- |",
          ...keys.map(([key, { default: value, description: text }]) => {
            const cell = text.replaceAll("|", "\\|");
            return `| \`${key}\` | \`${JSON.stringify(value)}\` | ${cell} |`;
          }),
          "",
        ];
  return [
    `# ${name}`,
    "",
    description,
    "",
    `- Level: ${levelText(rule)}`,
    `- Same as: ${codesText(rule)}`,
    `- Source: <${source}>`,
    "",
    "## Why",
    "",
    rationale,
    "",
    "## Fix",
    "",
    fix,
    "",
    ...configuration,
  ].join("\n");
}

/** The list of all rules. */
export function index(all: readonly Rule[]): string {
  return [
    "# Policies",
    "",
    "What `pulumi preview --policy-pack policy` and `mesh-check` check. `IST` codes are those of `istioctl analyze`, `KIA`",
    "codes those of Kiali. [Findings on Istio's own samples](samples.md) are explained on a page of their own.",
    "",
    "| rule | level | same as | what has to hold |",
    "| --- | --- | --- | --- |",
    ...all.map((rule) => {
      const { name, description } = rule;
      return `| [${name}](${name}.md) | ${levelText(rule)} | ${codesText(rule)} | ${description.replaceAll("|", "\\|")} |`;
    }),
    "",
    "## Codes of istioctl analyze that no rule covers",
    "",
    "They are about a cluster that runs, or several, rather than about what is declared:",
    "",
    ...Object.entries(uncoveredCodes).map(([code, reason]) => `- ${code} ${reason}.`),
    "",
  ].join("\n");
}

/** Every generated file, by name. */
export function pages(): Map<string, string> {
  return new Map([
    ["README.md", index(rules)],
    ...rules.map((rule): [string, string] => [`${rule.name}.md`, page(rule)]),
  ]);
}

/** Writes the pages, and removes those of rules that are gone. */
export function write(): void {
  mkdirSync(folder, { recursive: true });
  const all = pages();
  for (const name of readdirSync(folder)) {
    if (!all.has(name) && !written.has(name)) {
      rmSync(join(folder, name));
    }
  }
  for (const [name, text] of all) {
    writeFileSync(join(folder, name), text);
  }
}

if (require.main === module) {
  write();
}
