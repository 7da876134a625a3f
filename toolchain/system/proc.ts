import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** A process. It differs from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks between the boot and the process's start. */
  startTime: string;
  bootId: string;
}

/** The start time in /proc/PID/stat. The name before it may hold spaces and brackets. Pure. */
export function startTimeIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** @returns who started a process; undefined if there is no such process. */
export function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Whether a /proc/PID/stat is that of a process that has ended and only waits for its parent to notice. Pure. */
export function isZombie(stat: string): boolean {
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** The process that has the pid now; undefined without one. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const startTime = startTimeIn(stat);
    return startTime && !isZombie(stat) ? { pid, startTime, bootId: bootId() } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** Whether a command line is that of one of `programs` working on something below `folder`. Pure. */
export function worksBelow(argv: readonly string[], programs: readonly string[], folder: string): boolean {
  const [program, ...args] = argv;
  return (
    program !== undefined &&
    programs.includes(basename(program)) &&
    args.some((arg) => arg === folder || arg.includes(`${folder}/`))
  );
}

/** Running processes whose command line passes a test, of any parent. */
export function processesThat(test: (argv: readonly string[]) => boolean): ProcessIdentity[] {
  return processesWhere((pid) => test(partsOf(pid, "cmdline").slice(0, -1)));
}

/** Running processes of `programs` whose arguments name a path below `folder`, of any parent. */
export function processesBelow(programs: readonly string[], folder: string): ProcessIdentity[] {
  return processesThat((argv) => worksBelow(argv, programs, folder));
}

/** Running processes whose pid passes a test. */
function processesWhere(test: (pid: number) => boolean): ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(test)
    .map(identify)
    .filter((identity) => identity !== undefined);
}

/** @returns the parts of a file in /proc/PID, which end with a NUL each; none if there is no such process. */
function partsOf(pid: number, file: "cmdline" | "environ"): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/**
 * @returns the program that a process runs, without its path; undefined if there is no such process, or it has ended.
 */
export function programOf(pid: number): string | undefined {
  try {
    if (existsSync("/proc/self/stat")) {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]!;
      return isZombie(readFileSync(`/proc/${pid}/stat`, "utf8")) ? undefined : basename(command);
    }
    if (process.platform === "win32") {
      const tasks = execFileSync("tasklist", ["/FI", `PID eq ${pid}`, "/FO", "CSV", "/NH"], { encoding: "utf8" });
      return /^"([^"]+)"/.exec(tasks.trim())?.[1];
    }
    return basename(execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).trim());
  } catch {
    return undefined;
  }
}

/**
 * @returns running processes that were started with an environment variable of this value, and what they started;
 * undefined where there is no /proc.
 */
export function processesWith(variable: string, value: string): ProcessIdentity[] | undefined {
  if (!existsSync("/proc/self/environ")) {
    return undefined;
  }
  return processesWhere((pid) => pid !== process.pid && partsOf(pid, "environ").includes(`${variable}=${value}`));
}

/** Sends a signal to this process, and not to a later process with the same pid. */
function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) {
    return;
  }
  try {
    process.kill(identity.pid, name);
  } catch {
    // Gone in between.
  }
}

/** Ends processes: asks, waits, then insists. */
export async function endAll(identities: readonly ProcessIdentity[], graceMs: number): Promise<void> {
  identities.forEach((identity) => signal(identity, "SIGTERM"));
  const deadline = Date.now() + graceMs;
  while (identities.some(isAlive) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  identities.forEach((identity) => signal(identity, "SIGKILL"));
  while (identities.some(isAlive) && Date.now() < deadline + 5000) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
