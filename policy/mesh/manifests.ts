/** Turns the text of manifest files into resources. */
import { makeResource, type Resource } from "./resource";
import { lineOf, parse } from "./yaml";

/** Something in a file that could not be read as a resource. */
export interface Problem {
  file: string;
  line: number;
  message: string;
}

/** What a file held. */
export interface Manifests {
  resources: Resource[];
  problems: Problem[];
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

/** The documents of a file. A line of three dashes at the margin cannot stand inside a block, so it always separates. */
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

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (body.includes("\0")) {
    const line = countLines(body, 0, body.indexOf("\0")) + 1;
    return { resources, problems: [{ file, line, message: "not text: the file holds a NUL byte" }] };
  }
  for (const part of split(body)) {
    const parsed = parse(part.text, part.startLine);
    if ("error" in parsed) {
      problems.push({ file, line: parsed.line, message: `not valid YAML: ${parsed.error}` });
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
      const { name, generateName } = isMap(value["metadata"]) ? value["metadata"] : {};
      if (typeof name !== "string" && typeof generateName === "string") {
        (value["metadata"] as Record<string, unknown>)["name"] = generateName;
      }
      const origin = { file, text: part.text, startLine: part.startLine, path };
      resources.push(makeResource({ kind, ...groupAndVersion(apiVersion), value, origin }));
    }
  }
  return { resources, problems };
}
