/** Writes docs/policies: a page for each rule, from the rule itself, and one of the settings. Run it with `tsx policy/docs.ts`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { settingsPolicy } from "./packConfig";
import { remedies } from "./remedies";
import type { Rule } from "./rule";
import { rules } from "./rules/index";
import { defaultSettings, settingSchemas, type Settings, type SettingSchema } from "./settings";
import { uncoveredCodes } from "./uncoveredCodes";

/** Where the pages are. */
export const folder = join(__dirname, "../docs/policies");

/** Examples of settings, which the page of settings shows and which can be used as they are. */
export const examples = { pack: "pack-config.json", meshCheck: "mesh-check.yaml" } as const;

/** What is written by hand. */
export const written: ReadonlySet<string> = new Set(["samples.md", ...Object.values(examples)]);

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

const cell = (text: string): string => text.replaceAll("|", "\\|");

function valueText({ type, enum: values, items }: SettingSchema): string {
  return values ? values.map((value) => `\`${String(value)}\``).join(", ") : items ? "list of texts" : `${type}`;
}

function example(name: string): string {
  return ["```" + name.split(".").at(-1)!, readFileSync(join(folder, name), "utf8").trimEnd(), "```"].join("\n");
}

/** The page of the settings. */
export function settingsPage(all: readonly Rule[]): string {
  const settings = Object.entries(settingSchemas) as [keyof Settings, SettingSchema][];
  const keys = all.flatMap(({ name, config = {} }) => Object.entries(config).map(([key, one]) => ({ name, key, one })));
  const two = all.filter(({ level }) => typeof level !== "string");
  return [
    "# Settings",
    "",
    "The rules, and what they are configured with, are the same in a policy pack and in `mesh-check`; the file is another. `*` stands",
    "for anything in names, namespaces and hosts. Settings that are wrong are all named at once, with what to write instead.",
    "",
    "| setting | value | default | what it does |",
    "| --- | --- | --- | --- |",
    ...settings.map(([name, schema]) => {
      const is = JSON.stringify(defaultSettings[name]).replace(/^"(.*)"$/, "$1");
      return `| \`${name}\` | ${valueText(schema)} | \`${is}\` | ${cell(schema.description)} |`;
    }),
    "",
    "## For the policy pack",
    "",
    "```",
    `pulumi preview --policy-pack policy --policy-pack-config docs/policies/${examples.pack}`,
    "```",
    "",
    example(examples.pack),
    "",
    "Each policy has an entry by its name: its level, or a map of its level (`enforcementLevel`) and its keys. These entries stand in place of",
    `\`rules\`; all other settings go to the policy \`${settingsPolicy}\`. \`levels\` stand in both places: the engine must know a level to ask a`,
    "policy at all, the pack to distinguish what is certain from what is not. Some policies change what is deployed instead of reporting it. They are",
    "off unless their level is `remediate`:",
    "",
    ...remedies.map(({ name, mends, description }) => `- \`${name}\`: ${description} See [${mends}](${mends}.md).`),
    "",
    "Without a `profile` here, it is that of the stack's config; in a project without such a key, that of `prod` holds for stacks whose name",
    "starts with `prod`, and that of `dev` for others.",
    "",
    "## For mesh-check, npm start and npm run ci:preview",
    "",
    "```",
    `npx mesh-check --config docs/policies/${examples.meshCheck} docs/examples`,
    `npm start -- --policy-config docs/policies/${examples.meshCheck}`,
    "```",
    "",
    example(examples.meshCheck),
    "",
    "The file is YAML or JSON. `npm start` and `npm run ci:preview` turn it into the form above for the Pulumi CLI. `mesh-check --level advisory`",
    "lets advisory findings fail the command, too.",
    "",
    "## profile",
    "",
    `These rules are stricter in \`prod\`: ${two.map(({ name }) => `[${name}](${name}.md)`).join(", ")}.`,
    "",
    "## closedWorld",
    "",
    "A route can lead to a Service that another repository declares. What is a mistake in one place is meant in another:",
    "",
    "- `true`: all is declared here. A reference to something that is not is a mistake, and so is a workload whose namespace is not",
    "  declared. For the whole of a cluster, in one program or one folder.",
    "- `false`: anything may be elsewhere; such references are not reported.",
    "- `auto`: a mistake where something else of that kind is declared here; where nothing of it is, it is only advised of.",
    "",
    "## exclude",
    "",
    "What is excluded is not reported, but stays part of the mesh: a route may lead there. Kubernetes' own namespaces and what",
    "Istio's charts install are never reported.",
    "",
    "## Keys of single rules",
    "",
    "| rule | key | default | what it does |",
    "| --- | --- | --- | --- |",
    ...keys.map(({ name, key, one }) => {
      const { default: is, description } = one;
      return `| [${name}](${name}.md) | \`${key}\` | \`${JSON.stringify(is)}\` | ${cell(description)} |`;
    }),
    "",
  ].join("\n");
}

/** The list of all rules. */
export function index(all: readonly Rule[]): string {
  return [
    "# Policies",
    "",
    "What `pulumi preview --policy-pack policy` and `mesh-check` check. `IST` codes are those of `istioctl analyze`, `KIA`",
    "codes those of Kiali. Levels, exceptions and what is outside of the program are [settings](settings.md). [Findings on Istio's own",
    "samples](samples.md) are explained on a page of their own. Other projects use the pack as [a package](../packages.md#the-policy-pack).",
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
    ["settings.md", settingsPage(rules)],
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
