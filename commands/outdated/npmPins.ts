import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gt, valid } from "semver";
import { tryRun } from "../../toolchain/system/run";
import { projectFolder } from "../stackFiles";
import type { Pin } from "./pin";

/** The part of package.json that pins. */
interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** What `npm outdated --json` prints: packages whose newest version is another one, or what went wrong. */
type Outdated = Record<string, { latest?: string }> & { error?: { code?: string; summary?: string } };

/** Asks npm. @throws Error if its registry does not answer. */
export async function npmPins(folder = projectFolder): Promise<Pin[]> {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  // It ends with 1 if there is anything to list.
  const { stdout, stderr } = await tryRun("npm", ["outdated", "--json"], { cwd: folder, timeoutMs: 120_000 });
  let outdated: Outdated;
  try {
    outdated = JSON.parse(stdout.trim() || "{}") as Outdated;
  } catch {
    throw new Error(`npm outdated: ${(stderr.trim() || stdout.trim()).split("\n")[0]}`);
  }
  return judgeNpm(manifest, outdated);
}

/**
 * @returns the packages of package.json with their newest version. The tag `latest` may be moved back to an earlier version; ours is the
 * newest then.
 * @throws Error if npm could not ask its registry.
 */
export function judgeNpm({ dependencies = {}, devDependencies = {} }: Manifest, outdated: Outdated): Pin[] {
  const { error } = outdated;
  if (error?.code !== undefined) {
    throw new Error(`npm outdated: ${error.code}: ${error.summary}`);
  }
  return Object.entries({ ...dependencies, ...devDependencies }).map(([what, ours]) => {
    const latest = outdated[what]?.latest;
    const isNewer = latest !== undefined && (valid(latest) === null || valid(ours) === null || gt(latest, ours));
    return { what, ours, newest: isNewer ? latest : ours, where: ["package.json"] };
  });
}
