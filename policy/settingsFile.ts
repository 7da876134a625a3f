/** Settings from a file, as `mesh-check --config` and the commands of the project take them. */
import { readFileSync } from "node:fs";
import { parse } from "./mesh/yaml";
import { rules } from "./rules/index";
import { parseSettings, SettingsError, type Settings } from "./settings";

/** Why a file could not be read, in words. */
export function readingProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "no such file or directory" : code === "EACCES" ? "permission denied" : message;
}

/**
 * Reads and validates settings, as YAML or JSON.
 *
 * @param file Path of the file.
 * @param option The option that names it, for errors: `--config`.
 * @returns what the file sets and nothing else, so that defaults can come from elsewhere.
 * @throws SettingsError if it can't be read, is no YAML, or holds a setting that is wrong; it names all of those.
 */
export function readSettingsFile(file: string, option: string): Partial<Settings> {
  const source = `${option} ${file}`;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SettingsError(source, [readingProblem(error)]);
  }
  const parsed = parse(text);
  if ("error" in parsed) {
    throw new SettingsError(`${source}:${parsed.line}`, [`not valid YAML: ${parsed.error}`]);
  }
  parseSettings(parsed.value, rules, source);
  return parsed.value ?? {};
}
