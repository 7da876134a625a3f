/** Turns the text of manifest files into resources. */
import { basename } from "node:path";
import { isMap } from "../../common/isMap";
import { makeResource, type Resource } from "./resource";
import { lineOf, parse } from "./yaml";

/** A part of a file that could not be read as a resource. */
export interface Problem {
  file: string;
  line: number;
  message: string;
}

/** What a file held. */
export interface Manifests {
  resources: Resource[];
  problems: Problem[];
  /** Files that are not manifests and are not meant to be: values of a Helm chart, a kustomization. */
  passedOver: Problem[];
}

interface Part {
  text: string;
  startLine: number;
}

const separator = /^---(?:[ \t]+#.*|[ \t].*)?\r?$|^\.\.\.[ \t]*\r?$/gm;

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  return count;
}

/**
 * The documents of a file. A line of three dashes at the margin cannot stand inside a block, so it always separates.
 */
function* split(text: string): Generator<Part> {
  let start = 0;
  let line = 1;
  const part = (end: number): Part => ({ text: text.slice(start, end), startLine: line });
  for (const match of text.matchAll(separator)) {
    yield part(match.index);
    line += countLines(text, start, match.index);
    start = match.index;
    // What follows the dashes on their line, such as a value or a tag, belongs to the document.
    const rest = /^---([ \t]+[^#\s].*)$/.exec(match[0]);
    start += rest === null ? match[0].length : 3;
  }
  yield part(text.length);
}

function isJson(text: string): boolean {
  try {
    return /^\s*[{[]/.test(text) && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/** Distinguishes a Helm template from YAML: a template action. */
const helmAction =
  /\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities|Files|Template)\b|\.?\s*\}\}|\/\*|\$?\w*\s*:=)|\{\{-?\s*(?:include|template|tpl|toYaml|if|else|range|with|end|define|block|required|default|printf|fail|lookup|quote)\b/;
const unrendered = "a Helm template that is not rendered: render it first (helm template ... | mesh-check -)";

/** Why a document without a kind is not meant to be a manifest; undefined where that is unknown. */
function notAManifest(file: string): string | undefined {
  const name = basename(file).toLowerCase();
  return /^kustomization\.ya?ml$/.test(name)
    ? "a kustomization, not a manifest: build it first (kustomize build DIR | mesh-check -)"
    : /^chart\.ya?ml$/.test(name)
      ? "the description of a Helm chart, not a manifest"
      : /(^|[-_.])values([-_.][^/]*)?\.(ya?ml|json)$/.test(name)
        ? "values of a Helm chart, not a manifest: render the chart first (helm template ... | mesh-check -)"
        : undefined;
}

/** Splits `apps/v1` into its group and version. */
export function groupAndVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return { group: slash < 0 ? "" : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/**
 * Reads manifests from the text of one file. A part that cannot be read becomes a problem; the rest is still read.
 *
 * @param file The name that findings and problems give.
 * @param text What the file holds: YAML or JSON, any number of documents.
 */
export function readManifests(file: string, text: string): Manifests {
  const resources: Resource[] = [];
  const problems: Problem[] = [];
  const passedOver: Problem[] = [];
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (body.includes("\0")) {
    const line = countLines(body, 0, body.indexOf("\0")) + 1;
    return { resources, problems: [{ file, line, message: "not text: the file holds a NUL byte" }], passedOver };
  }
  // A file of JSON is one document: lines of dashes in it are part of its texts.
  const parts = isJson(body) ? [{ text: body, startLine: 1 }] : split(body);
  for (const part of parts) {
    const parsed = parse(part.text, part.startLine);
    if ("error" in parsed) {
      if (!helmAction.test(part.text)) {
        problems.push({ file, line: parsed.line, message: `not valid YAML: ${parsed.error}` });
      } else if (!problems.some(({ message }) => message === unrendered)) {
        problems.push({ file, line: parsed.line, message: unrendered });
      }
    } else if (parsed.value !== undefined && parsed.value !== null) {
      add(parsed.value, []);
    }

    function add(value: unknown, path: (string | number)[]): void {
      const problem = (message: string): void => {
        problems.push({ file, line: lineOf(part.text, part.startLine, path), message });
      };
      if (!isMap(value)) {
        problem(`not a resource: ${Array.isArray(value) ? "a list" : "a single value"}, where a map is expected`);
        return;
      }
      const { kind, apiVersion } = value;
      const { name, generateName, namespace } = isMap(value["metadata"]) ? value["metadata"] : {};
      const group = typeof apiVersion === "string" ? groupAndVersion(apiVersion).group : "";
      const other = kind === undefined || group === "kustomize.config.k8s.io" ? notAManifest(file) : undefined;
      if (other !== undefined || group === "kustomize.config.k8s.io") {
        passedOver.push({ file, line: part.startLine, message: other ?? notAManifest("kustomization.yaml")! });
        return;
      }
      if ([kind, apiVersion, name, namespace].some((text) => typeof text === "string" && helmAction.test(text))) {
        problem(unrendered);
        return;
      }
      if (typeof kind !== "string" || kind === "") {
        problem("a document without a kind: every resource has to name its apiVersion and kind");
        return;
      }
      if (typeof apiVersion !== "string" || apiVersion === "") {
        problem(`a ${kind} without an apiVersion`);
        return;
      }
      if (kind === "List" || (kind.endsWith("List") && Array.isArray(value["items"]))) {
        if (!Array.isArray(value["items"])) {
          problem(`a ${kind} without a list of items`);
          return;
        }
        value["items"].forEach((item, i) => add(item, [...path, "items", i]));
        return;
      }
      if (typeof name !== "string" && typeof generateName === "string") {
        (value["metadata"] as Record<string, unknown>)["name"] = generateName;
      }
      const origin = { file, text: part.text, startLine: part.startLine, path };
      resources.push(makeResource({ kind, ...groupAndVersion(apiVersion), value, origin }));
    }
  }
  return { resources, problems, passedOver };
}
