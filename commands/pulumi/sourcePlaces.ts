import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../session/stackFiles";

/** A resource in the output of `pulumi preview --json`, as far as it is read here. */
interface PreviewedResource {
  urn: string;
  /** Where the program makes it, from the inside out. */
  stackTrace?: { sourcePosition?: string }[];
}

/** Files that make resources for others: their callers say more. */
const helpers = /^components\/istioApi\//;

/**
 * @param printed What `pulumi preview --json` prints.
 * @param lineOf Reads a line of a file of this project, 1 being the first; undefined if there is none.
 * @returns the place in this project that declares a resource, as `file:line`, by URN. Without the line where that
 * declares nothing: of a file that Node imports instead of requiring, such as index.ts, no source map is found, so that
 * the line is one of compiled code.
 */
export function sourcePlaces(printed: string, lineOf = readLine): Record<string, string> {
  const { steps = [] } = JSON.parse(printed) as { steps?: { newState?: PreviewedResource }[] };
  return Object.fromEntries(
    steps.flatMap(({ newState }) => {
      const places = (newState?.stackTrace ?? []).flatMap(({ sourcePosition }) => placeOf(sourcePosition) ?? []);
      const place = places.find(({ file }) => !helpers.test(file));
      if (newState === undefined || place === undefined) {
        return [];
      }
      const { file, line } = place;
      const declares = /\bnew\s|\bsuper\(/.test(lineOf(file, line) ?? "");
      return [[newState.urn, declares ? `${file}:${line}` : file] as const];
    }),
  );
}

function placeOf(position: string | undefined): { file: string; line: number } | undefined {
  const [, file, line] = /^project:\/\/\/([^#]+)#(\d+)/.exec(position ?? "") ?? [];
  const isOurs = file !== undefined && !file.startsWith("..") && !file.includes("node_modules/");
  return isOurs ? { file, line: Number(line) } : undefined;
}

function readLine(file: string, line: number): string | undefined {
  const path = join(projectFolder, file);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n")[line - 1] : undefined;
}
