import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { isMap } from "../../common/isMap";
import { ConfigError } from "../../stacks/configError";
import { readStackFileAt } from "../../stacks/stackFile";

/** Folder of Pulumi.yaml. */
export const projectFolder = join(__dirname, "..", "..");

/** Declaration of a config key in Pulumi.yaml. */
export interface KeyDeclaration {
  type?: string;
  items?: { type: string };
  default?: unknown;
  description?: string;
}

/** Name of the project and its config keys, from Pulumi.yaml. */
export function readProject(folder = projectFolder): { name: string; keys: Record<string, KeyDeclaration> } {
  const project = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as {
    name: string;
    config: Record<string, KeyDeclaration>;
  };
  return { name: project.name, keys: project.config };
}

/** @returns the path of a stack's config file. */
export function stackFile(stack: string, folder = projectFolder): string {
  return join(folder, `Pulumi.${stack}.yaml`);
}

/**
 * Reads a stack's config file, and checks its form before anything is done with it.
 * @returns its content; empty if there is no such file.
 * @throws ConfigError naming file, key and fix of each mistake.
 */
export function readStackFile(stack: string, folder = projectFolder): Record<string, unknown> {
  const { name, keys } = readProject(folder);
  return readStackFileAt(stackFile(stack, folder), name, Object.keys(keys));
}

/** @returns the config of a stack file with values set on top; keys of ours may leave out the namespace. */
export function withSettings(
  config: Record<string, unknown>,
  settings: Record<string, string>,
  project: { name: string; keys: Record<string, KeyDeclaration> },
): Record<string, unknown> {
  const merged = { ...config };
  for (const [key, value] of Object.entries(settings)) {
    const fullKey = key.includes(":") ? key : `${project.name}:${key}`;
    const type = project.keys[fullKey.slice(project.name.length + 1)]?.type;
    merged[fullKey] = type === "array" || type === "object" ? structured(value) : value;
  }
  return merged;
}

/** @returns a stack's config as the Pulumi engine hands it to a program: defaults filled in, everything as text. */
export function asProgramConfig(
  config: Record<string, unknown>,
  project: { name: string; keys: Record<string, KeyDeclaration> },
): Record<string, string> {
  const defaults = Object.entries(project.keys)
    .filter(([, declaration]) => declaration.default !== undefined)
    .map(([key, declaration]) => [`${project.name}:${key}`, declaration.default] as const);
  const all: Record<string, unknown> = { ...Object.fromEntries(defaults), ...config };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, asText(key, value)]));
}

/** @returns whether a value of a stack's file is a secret, or has one inside: only the Pulumi CLI can read those. */
export function holdsSecret(value: unknown): boolean {
  return Array.isArray(value)
    ? value.some(holdsSecret)
    : isMap(value) && ("secure" in value || Object.values(value).some(holdsSecret));
}

/** @returns the content of a stack file as YAML. */
export function stackYaml(content: Record<string, unknown>): string {
  return stringify(content);
}

/**
 * @returns a value as a program gets it.
 * @throws ConfigError for a secret.
 */
export function asText(key: string, value: unknown): string {
  if (holdsSecret(value)) {
    const fix = "only the Pulumi CLI can read a secret, and this command has to; set it again without --secret";
    throw new ConfigError([{ key, value: "[secret]", fix }]);
  }
  // A key of a YAML file without a value is not set.
  return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
}

/**
 * @returns a list or an object from its JSON; what can't be read stays as it is, for the program to name it among all
 * mistakes.
 */
function structured(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
