import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { stringify } from "yaml";
import { z } from "zod";
import { keyGroups } from "../stacks/keyGroups";
import { unwrapped } from "../stacks/schema";
import { projectFolder, readProject, type KeyDeclaration } from "./session/stackFiles";

/** Path of the page that this script writes. */
export const configurationPageFile = join(projectFolder, "docs", "configuration.md");

/** Path of the project's file, whose `config` block this script writes. */
export const projectYaml = join(projectFolder, "Pulumi.yaml");

/** @returns what Pulumi.yaml says of a config key. */
function declarationOf(schema: z.ZodType): KeyDeclaration {
  const inner = unwrapped(schema);
  // A key without a default of its own leaves the choice to the profile.
  const isAuto = schema instanceof z.ZodOptional;
  const { description } = schema;
  if (inner instanceof z.ZodArray) {
    const items = { type: unwrapped(inner.element as z.ZodType) instanceof z.ZodObject ? "object" : "string" };
    return { type: "array", items, default: defaultOf(schema), description };
  }
  if (inner instanceof z.ZodObject || inner instanceof z.ZodRecord) {
    return { type: "object", default: defaultOf(schema) ?? {}, description };
  }
  const type = inner instanceof z.ZodBoolean ? "boolean" : inner instanceof z.ZodNumber ? "integer" : "string";
  return isAuto ? { type: "string", default: "auto", description } : { type, default: defaultOf(schema), description };
}

function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined;
}

/**
 * @param text What Pulumi.yaml has; all before `config:` stays.
 * @returns Pulumi.yaml with every config key.
 */
export function projectFile(text: string): string {
  const groups = keyGroups.map(({ title, keys }) => {
    const declarations = Object.entries(keys).map(([key, schema]) => [key, declarationOf(schema)]);
    const block = stringify(Object.fromEntries(declarations), { lineWidth: 0, aliasDuplicateObjects: false });
    return `  # ${title}\n${block.replace(/^(?=.)/gm, "  ")}`;
  });
  const intro = "# npm run docs writes this block from the schemas in stacks/.\n";
  return [text.slice(0, text.search(/(^# npm run docs .*\n)?^config:$/m)), intro, "config:\n", ...groups].join("");
}

/** @returns the page with every config key by group, with default and meaning. */
export async function configurationPage(): Promise<string> {
  const { name } = readProject();
  const sections = keyGroups.map(({ title, keys, example }) => {
    const rows = Object.entries(keys).map(
      ([key, schema]) => `| \`${key}\` | ${shown(declarationOf(schema).default)} | ${schema.description} |`,
    );
    const lines = example.trim().split("\n");
    const block = ["config:", ...lines.map((line) => `  ${/^\w/.test(line) ? `${name}:` : ""}${line}`)];
    return [
      `## ${title}`,
      ["| key | default | what it does |", "| --- | --- | --- |", ...rows].join("\n"),
      ["```yaml", ...block, "```"].join("\n"),
    ].join("\n\n");
  });
  const intro = `Keys of a stack file, \`Pulumi.NAME.yaml\`, with the prefix \`${name}:\`. \`pulumi config set KEY VALUE\` writes one;
\`npm start -- --config KEY=VALUE\` sets one for a single run. Mistakes are reported together, each with key, value and fix, before
anything changes. \`npm run docs\` writes this page and the \`config\` block of \`Pulumi.yaml\` from the schemas in \`stacks/\`.`;
  return format(["# Configuration", intro, ...sections].join("\n\n"), { parser: "markdown", printWidth: 120 });
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 1) {
    return "user-service and payment-service";
  }
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

if (require.main === module) {
  writeFileSync(projectYaml, projectFile(readFileSync(projectYaml, "utf8")));
  void configurationPage().then((text) => writeFileSync(configurationPageFile, text));
}
