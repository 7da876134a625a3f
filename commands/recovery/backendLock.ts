import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A lock that the Pulumi CLI puts on a stack of a file backend while it changes it, and leaves behind when it is
 * killed.
 */
export interface BackendLock {
  /** Path of the lock. */
  file: string;
  /** Who holds it: process, user and host. */
  pid: number;
  username: string;
  hostname: string;
  /** When it was taken, as ISO 8601. */
  timestamp: string;
}

/** Whether the process that holds a lock still runs. For a process on another host this is unknown. */
export type LockJudgement = "held" | "stale" | "held elsewhere";

/**
 * @param folder Of the file backend.
 * @returns the locks of a stack; none if no process changes it.
 */
export function readLocks(folder: string, project: string, stack: string): BackendLock[] {
  const locks = join(folder, ".pulumi", "locks", "organization", project, stack);
  return (existsSync(locks) ? readdirSync(locks) : [])
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(locks, name))
    .flatMap((file) => {
      try {
        return [{ ...(JSON.parse(readFileSync(file, "utf8")) as Omit<BackendLock, "file">), file }];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
          return []; // Its holder is just done.
        }
        throw error;
      }
    });
}

/**
 * Judges a lock. A pid alone proves nothing: its number may have gone to another process since.
 * @param hostname Of this machine.
 * @param commandOf The program that a process of this machine runs, without its path; undefined if there is no such
 * process.
 */
export function judgeLock(
  { pid, hostname: holder }: Pick<BackendLock, "pid" | "hostname">,
  hostname: string,
  commandOf: (pid: number) => string | undefined,
): LockJudgement {
  if (holder !== hostname) {
    return "held elsewhere";
  }
  return /^pulumi(\.exe)?$/.test(commandOf(pid) ?? "") ? "held" : "stale";
}
