import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What a command and all that it started used. */
export interface Usage {
  /** Milliseconds from start to end. */
  ms: number;
  /** Processor time, milliseconds: of the Node processes, of the provider, and of all together. */
  cpuMs: { program: number; provider: number; all: number };
  /** The most that the Node process of the program, the one of the provider, and all together held at once, in MiB. */
  peakMiB: { program: number; provider: number; all: number };
  stdout: string;
  /** All that it printed, errors too. */
  said: string;
}

/** Milliseconds between two looks at the tree. What lives shorter is missed; nothing that counts does. */
const everyMs = 100;

/** Linux counts processor time in hundredths of a second. */
const msPerTick = 10;

interface Seen {
  parent: number;
  name: string;
  cpuMs: number;
  residentMiB: number;
}

/** Reads every process that there is. */
function processes(): Map<number, Seen> {
  const found = new Map<number, Seen>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) {
      continue;
    }
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const name = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
      // The command's name is in brackets and may hold blanks.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      found.set(Number(entry), {
        parent: Number(fields[1]),
        name,
        cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick,
        residentMiB: (Number(fields[21]) * 4096) / 2 ** 20,
      });
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}

/** @returns the processes below `root`, and itself. */
function treeOf(root: number, all: Map<number, Seen>): Map<number, Seen> {
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of all) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = new Map<number, Seen>();
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const seen = all.get(pid);
    if (seen) {
      tree.set(pid, seen);
      waiting.push(...(children.get(pid) ?? []));
    }
  }
  return tree;
}

/**
 * Runs a command to its end and watches what it uses.
 * @throws Error with the last lines that it wrote if it fails.
 */
export async function watched(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Usage> {
  const started = performance.now();
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const cpu = new Map<number, Seen>();
  const peakMiB = { program: 0, provider: 0, all: 0 };
  const look = () => {
    const tree = treeOf(child.pid ?? -1, processes());
    const sum = (test: (name: string) => boolean) =>
      [...tree.values()].reduce((total, { name, residentMiB }) => total + (test(name) ? residentMiB : 0), 0);
    for (const [pid, seen] of tree) {
      // Of one that has ended the command is no longer known.
      cpu.set(pid, { ...seen, name: seen.name || (cpu.get(pid)?.name ?? "") });
    }
    peakMiB.program = Math.max(
      peakMiB.program,
      ...[...tree.values()].flatMap(({ name, residentMiB }) => (isProgram(name) ? [residentMiB] : [])),
    );
    peakMiB.provider = Math.max(peakMiB.provider, sum(isProvider));
    peakMiB.all = Math.max(
      peakMiB.all,
      sum(() => true),
    );
  };
  const timer = setInterval(look, everyMs);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearInterval(timer);
  if (code !== 0) {
    const last = said.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${command} ${args.join(" ").slice(0, 200)}: exit code ${String(code)}\n${last}`);
  }
  const cpuOf = (test: (name: string) => boolean) =>
    [...cpu.values()].reduce((total, { name, cpuMs }) => total + (test(name) ? cpuMs : 0), 0);
  const cpuMs = { program: cpuOf(isProgram), provider: cpuOf(isProvider), all: cpuOf(() => true) };
  return { ms: performance.now() - started, cpuMs, peakMiB, stdout, said };
}

/** Node runs the program, npm's wrapper of it, and Pulumi's helpers; the largest of them is the program. */
function isProgram(commandLine: string): boolean {
  return /^(\S*\/)?node\b/.test(commandLine);
}

function isProvider(commandLine: string): boolean {
  return commandLine.includes("pulumi-resource-kubernetes");
}
