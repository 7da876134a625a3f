import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, stat, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { programOf } from "./proc";
import { run } from "./run";

/**
 * Makes a folder that is either complete or absent: `fill` works in a temporary one beside it, which then takes the
 * name. If another process was faster, its folder stays.
 */
export async function makeFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) {
    return;
  }
  const temporary = await temporaryFolder(`${target}.tmp`);
  try {
    await fill(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(target)) {
      throw error;
    }
  }
}

/**
 * Milliseconds after which a temporary folder of an earlier version, whose name does not say who made it, is a
 * leftover.
 */
const unnamedMs = 3_600_000;

/**
 * Makes a temporary folder whose name says which process uses it.
 * @param prefix Path of the folder without its last letters, which ends in `.tmp` or is `.../context`.
 */
export async function temporaryFolder(prefix: string): Promise<string> {
  await mkdir(dirname(prefix), { recursive: true });
  return mkdtemp(`${prefix}-${process.pid}-`);
}

/**
 * Whether a folder is one that a process left which was ended before it could remove it. Pure.
 * @param runs Whether a process runs.
 */
export function isLeftover(name: string, ageMs: number, runs: (pid: number) => boolean): boolean {
  const temporary = /(?:^context|\.tmp)-(?:(\d+)-)?[A-Za-z0-9]{6}$/.exec(name);
  if (temporary === null) {
    return false;
  }
  return temporary[1] === undefined ? ageMs > unnamedMs : !runs(Number(temporary[1]));
}

/** Removes what interrupted builds have left in the cache. @returns the names of the folders. */
export async function removeLeftovers(cache: string): Promise<string[]> {
  const folders = [cache, ...["binaries", "envoy", "jars", "node", "packages"].map((name) => join(cache, name))];
  const removed: string[] = [];
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (isLeftover(name, Date.now() - mtimeMs, (pid) => programOf(pid) !== undefined)) {
        // debootstrap mounts /proc into the root that it makes, and one that was killed leaves it there.
        await run("rm", ["-rf", "--one-file-system", path]).catch(() => "");
        removed.push(name);
      }
    }
  }
  return removed;
}
