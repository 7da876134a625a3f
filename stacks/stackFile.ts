import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import * as yaml from "yaml";
import { ConfigError } from "./configError";
import type { ConfigProblem } from "./configError";
import { isMap } from "../common/isMap";
import { noSuch } from "./schema";

/** Keys that Pulumi reads in the file of a stack. */
const stackFileKeys = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/**
 * The key of Pulumi's Kubernetes provider that has it write manifests in place of changing a cluster; see settings.ts.
 */
export const manifestFolderKey = "kubernetes:renderYamlToDirectory";

/** Why a stack does not have {@link manifestFolderKey}, and what to do: `npm run render` sets it for a stack of its own. */
export const manifestFolderFix = "it would move the stack from its cluster to a folder; use npm run render -- DIR";

/** Namespaces of config that this program or the engine reads. */
export const readNamespaces = (project: string): readonly string[] => [project, "pulumi"];

/**
 * Reads the text of a stack's config file as the engine does, YAML merges (`<<:`) included, and checks its form. What
 * the values mean is judged by `parseConfig`.
 * @param file Name of the file, for messages.
 * @param project Name of the project, which is the namespace of its keys.
 * @param keys The project's keys, without namespace.
 * @throws ConfigError naming file, key and fix of each mistake.
 */
export function parseStackFile(
  text: string,
  file: string,
  project: string,
  keys: readonly string[],
): Record<string, unknown> {
  // With `silent` the library passes over a second document, as the engine does.
  const document = yaml.parseDocument(text, { merge: true, prettyErrors: true, logLevel: "error" });
  const [broken] = document.errors;
  if (broken) {
    // The first mistake breaks what follows, which the rest of the list is about.
    throw new ConfigError([{ file, key: `line ${broken.linePos?.[0].line ?? 1}`, fix: yamlFix(broken) }]);
  }
  const content = contentOf(document, file);
  if (content === null || content === undefined) {
    return {};
  }
  if (!isMap(content)) {
    throw new ConfigError([
      { file, key: "the file", value: content, fix: "start it with config:, and indent its keys" },
    ]);
  }
  const problems = [...topProblems(content, project, keys), ...configProblems(content.config, project, keys)];
  if (problems.length > 0) {
    throw new ConfigError(problems.map((problem) => ({ ...problem, file })));
  }
  return content;
}

/** @returns what a document holds. @throws ConfigError where that is no data, such as an alias of what it stands in. */
function contentOf(document: yaml.Document, file: string): unknown {
  try {
    const content: unknown = document.toJS();
    JSON.stringify(content);
    return content;
  } catch (error) {
    const [said = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new ConfigError([{ file, key: "the file", fix: `its aliases (*) or merges (<<) can't be read: ${said}` }]);
  }
}

/**
 * Reads a stack's config file; see {@link parseStackFile}.
 * @returns its content; empty if there is no such file.
 */
export function readStackFileAt(path: string, project: string, keys: readonly string[]): Record<string, unknown> {
  return existsSync(path) ? parseStackFile(readFileSync(path, "utf8"), basename(path), project, keys) : {};
}

/** @returns what is wrong with a config key that has a namespace which nothing reads; undefined if there is nothing. */
export function foreignKeyProblem(
  fullKey: string,
  project: string,
  keys: readonly string[],
): Omit<ConfigProblem, "value"> | undefined {
  const at = fullKey.lastIndexOf(":");
  const namespace = fullKey.slice(0, Math.max(at, 0));
  if (readNamespaces(project).includes(namespace) || fullKey === manifestFolderKey) {
    return undefined;
  }
  const meant = [usualNames.get(fullKey), fullKey.slice(at + 1)].find(
    (name) => name !== undefined && keys.includes(name),
  );
  const known = keys.map((key) => `${project}:${key}`);
  const fix =
    meant === undefined
      ? noSuch("key", at < 0 ? `${project}:${fullKey}` : fullKey, known, `this program reads ${project}: keys alone`)
      : `nothing reads this key; write ${project}:${meant}`;
  return { key: fullKey, fix };
}

/** Keys of Pulumi's Kubernetes provider, which this program configures by itself, and what they are called here. */
const usualNames: ReadonlyMap<string, string> = new Map([["kubernetes:context", "kubeContext"]]);

function topProblems(content: Record<string, unknown>, project: string, keys: readonly string[]): ConfigProblem[] {
  return Object.entries(content)
    .filter(([key]) => !stackFileKeys.includes(key))
    .map(([key, value]) => {
      const name = key.slice(key.lastIndexOf(":") + 1);
      const fix = keys.includes(name)
        ? `it belongs below config:, as ${project}:${name}`
        : noSuch("key", key, stackFileKeys, `Pulumi reads ${stackFileKeys.join(", ")}`);
      return { key, value, fix };
    });
}

function configProblems(config: unknown, project: string, keys: readonly string[]): ConfigProblem[] {
  if (config === undefined || config === null) {
    return [];
  }
  if (!isMap(config)) {
    return [{ key: "config", value: config, fix: `use an object, one line a key: ${project}:profile: dev` }];
  }
  return Object.entries(config).flatMap(([key, value]) => {
    const foreign = key === manifestFolderKey ? { key, fix: manifestFolderFix } : foreignKeyProblem(key, project, keys);
    return [...(foreign ? [{ ...foreign, value }] : []), ...numberProblems(key, value)];
  });
}

/**
 * JSON, in which the engine hands config to the program, knows no infinity and no NaN: they would arrive as null, which
 * is not set.
 */
function numberProblems(key: string, value: unknown): ConfigProblem[] {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return [{ key, value, fix: "use a finite number" }];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => numberProblems(`${key}[${i}]`, item));
  }
  return isMap(value) ? Object.entries(value).flatMap(([name, item]) => numberProblems(`${key}.${name}`, item)) : [];
}

/** @returns what to do about a mistake in YAML; the library's message without its picture of the place. */
function yamlFix({ code, message }: yaml.YAMLError): string {
  const [first = ""] = message.split("\n");
  const said = first.replace(/ at line \d+, column \d+:?$/, "");
  if (code === "MULTIPLE_DOCS") {
    return "Pulumi reads what comes before --- alone; make it one document";
  }
  return code === "DUPLICATE_KEY" ? `${said}; keep one of the two` : `no YAML: ${said}`;
}
