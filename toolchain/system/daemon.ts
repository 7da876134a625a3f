import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "./proc";

/** A process that outlives the command that starts it. */
export interface Daemon {
  name: string;
  command: string;
  args: readonly string[];
  /** Its whole environment. */
  env: Record<string, string>;
}

/** What is written down of a started daemon. */
export interface DaemonRecord extends ProcessIdentity {
  /** Of everything it was started with: another one means it must be started again. */
  settings: string;
}

/** A digest of all a daemon is started with. Pure. */
export function settingsOf({ command, args, env }: Daemon): string {
  return createHash("sha256")
    .update(JSON.stringify([command, args, env]))
    .digest("hex")
    .slice(0, 16);
}

/** What was written down of a daemon, whether it still runs or not. */
export function recordOf(folder: string, name: string): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as DaemonRecord;
  } catch {
    return undefined;
  }
}

/** The daemon's record if it runs. */
export function running(folder: string, name: string): DaemonRecord | undefined {
  const record = recordOf(folder, name);
  return record && isAlive(record) ? record : undefined;
}

/** Starts a daemon: in a session of its own, with its output in a file. */
export function start(daemon: Daemon, folders: { records: string; logs: string }): DaemonRecord {
  mkdirSync(folders.records, { recursive: true, mode: 0o700 });
  mkdirSync(folders.logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(folders.logs, `${daemon.name}.log`), "a", 0o600);
  try {
    const child = spawn(daemon.command, daemon.args, {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log, log],
      env: daemon.env,
    });
    child.on("error", () => undefined);
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (!identity) {
      throw new Error(`${daemon.name} did not start: ${daemon.command}`);
    }
    const record: DaemonRecord = { ...identity, settings: settingsOf(daemon) };
    const file = join(folders.records, `${daemon.name}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return record;
  } finally {
    closeSync(log);
  }
}

/** The last lines a daemon wrote. */
export function logTail(folder: string, name: string, lines = 15): string {
  try {
    return readFileSync(join(folder, `${name}.log`), "utf8")
      .trimEnd()
      .split("\n")
      .slice(-lines)
      .join("\n");
  } catch {
    return "(no log)";
  }
}
