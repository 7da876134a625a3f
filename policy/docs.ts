/** Writes what docs/policies says of rules and settings, from the rules and the settings themselves: `npm run docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remedies } from "./remedies";
import type { Rule } from "./rule";
import { rules } from "./rules/index";
import { defaultSettings, settingSchemas, type Settings, type SettingSchema } from "./settings";

/** Where the pages are. */
export const folder = join(__dirname, "../docs/policies");

/**
 * Codes of `istioctl analyze` that no rule covers, each with the reason: none of them can be decided from declarations.
 */
export const uncoveredCodes: Readonly<Record<string, string>> = {
  IST0001: "is a failure of the analyzer itself",
  IST0126: "compares networks with the registries of other clusters, which no manifest of this one declares",
  IST0141: "asks the API server for the rights of the user who installs Istio",
  IST0142: "asks the API server for its version",
  IST0143: "reads what a running container listens on",
  IST0156: "asks the cluster for the version of the Gateway API, before an upgrade",
  IST0158: "compares the image of running proxies with the injector's",
  IST0168: "compares two versions of Istio, before an upgrade",
  IST0169: "compares a running control plane with the one that is to follow it",
  IST0170: "compares Services of several clusters",
  IST0171: "reads status conditions, which no declaration holds",
  IST0172: "asks the cluster for the version of the Gateway API, before an upgrade",
};

/** @returns a table in Markdown; bars in its cells are escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const link = (name: string): string => `[${name}](README.md#${name})`;
const code = (value: unknown): string => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

function levelText({ level }: Rule): string {
  return typeof level === "string" ? level : `${level.dev} in dev, ${level.prod} in prod`;
}

function keyTable(of: readonly Rule[]): string {
  const keys = of.flatMap(({ name, config = {} }) => Object.entries(config).map(([key, one]) => ({ name, key, one })));
  return table(
    ["rule", "key", "default", "what it does"],
    keys.map(({ name, key, one }) => [link(name), code(key), code(one.default), one.description]),
  );
}

function section(rule: Rule): string {
  const { name, description, rationale, fix, source, codes, config } = rule;
  const same = codes.length === 0 ? "" : `, same as ${codes.join(", ")}`;
  return [
    `## ${name}`,
    `${description} ${rationale}`,
    `Fix: ${fix}`,
    `Level: ${levelText(rule)}${same}. Source: <${source}>`,
    ...(config === undefined ? [] : [keyTable([rule])]),
  ].join("\n\n");
}

/** The generated parts of the pages, by name: each stands between `<!-- NAME -->` and `<!-- end of NAME -->`. */
function parts(all: readonly Rule[]): Record<string, string> {
  const settings = Object.entries(settingSchemas) as [keyof Settings, SettingSchema][];
  const values = ({ type, enum: names, items }: SettingSchema) =>
    names ? names.map(code).join(", ") : items ? "list of strings" : `${type}`;
  return {
    rules: table(
      ["rule", "level", "same as", "what has to hold"],
      all.map((one) => [link(one.name), levelText(one), one.codes.join(", "), one.description]),
    ),
    "uncovered codes": Object.entries(uncoveredCodes)
      .map(([name, reason]) => `- ${name} ${reason}.`)
      .join("\n"),
    sections: all.map(section).join("\n\n"),
    settings: table(
      ["setting", "value", "default", "what it does"],
      settings.map(([name, schema]) => [code(name), values(schema), code(defaultSettings[name]), schema.description]),
    ),
    remedies: remedies
      .map(({ name, mends, description }) => `- ${code(name)}: ${description} See ${link(mends)}.`)
      .join("\n"),
    "stricter rules": all
      .filter(({ level }) => typeof level !== "string")
      .map(({ name }) => link(name))
      .join(", "),
    keys: keyTable(all),
  };
}

/**
 * @returns the text of each page with generated parts, by file name. @throws Error if a page names a part that there is
 * not.
 */
export function pages(all: readonly Rule[] = rules): Map<string, string> {
  const generated = parts(all);
  const filled = (name: string): string =>
    readFileSync(join(folder, name), "utf8").replace(
      /<!-- ((?!end of)[\w ]+) -->\n[^]*?<!-- end of \1 -->/g,
      (_, part: string) => {
        const text = generated[part];
        if (text === undefined) {
          throw new Error(`${name}: there is no generated part ${part}; write ${Object.keys(generated).join(", ")}`);
        }
        return `<!-- ${part} -->\n\n${text}\n\n<!-- end of ${part} -->`;
      },
    );
  return new Map(["README.md", "settings.md"].map((name) => [name, filled(name)]));
}

if (require.main === module) {
  for (const [name, text] of pages()) {
    writeFileSync(join(folder, name), text);
  }
}
