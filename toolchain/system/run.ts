import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { appendFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** Variable with the file that gets a line of JSON for each part of a first start; see bench/firstBuild.ts. */
export const measurementsVariable = "SIDECAR_MESH_MEASUREMENTS";

/** How long one part of a first start took. */
export interface Measurement {
  name: string;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** Seconds of processor time, where that is known. */
  cpuSeconds?: number;
}

/** Whether somewhere is set to write measurements to. */
export function isMeasured(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env[measurementsVariable]);
}

/** Does work, and notes how long it took if that is measured. @param cpuSeconds Asked afterwards. */
export async function measured<T>(name: string, work: () => Promise<T>, cpuSeconds?: () => number): Promise<T> {
  const from = Date.now();
  const result = await work();
  if (isMeasured()) {
    const measurement: Measurement = { name, from, to: Date.now(), cpuSeconds: cpuSeconds?.() };
    appendFileSync(process.env[measurementsVariable]!, `${JSON.stringify(measurement)}\n`);
  }
  return result;
}

/**
 * A command that says on its standard error, as its last lines, how much processor time another one took with all that
 * it started. Pure.
 * @returns the program and its arguments.
 */
export function timedCommand(command: string, args: readonly string[]): [string, string[]] {
  return ["bash", ["-c", '"$0" "$@"; code=$?; times >&2; exit $code', command, ...args]];
}

/**
 * @returns the seconds in a line that {@link timedCommand} adds, which are to be summed up; undefined for any other
 * line. Pure.
 */
export function processorSeconds(line: string): number | undefined {
  const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(line)?.slice(1).map(Number);
  return times && times[0]! * 60 + times[1]! + times[2]! * 60 + times[3]!;
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input. */
  input?: string;
  timeoutMs?: number;
  /** Called with each line of standard error. @returns true for a line of progress, which is no part of the result. */
  onErrorLine?: (line: string) => boolean;
  /** Called with the process, which is then in a group of its own: who is given it passes signals on. */
  started?: (child: ChildProcess) => void;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that ran and failed; its message ends with the last lines the command wrote. */
class CommandError extends Error {
  constructor(
    command: string,
    readonly result: RunResult,
  ) {
    // Some write nothing but colors to their standard error.
    const [stderr, stdout] = [result.stderr, result.stdout].map((text) => stripVTControlCharacters(text).trim());
    const said = (stderr || stdout!).split("\n").slice(-12).join("\n");
    super(`${command}: exit code ${result.code}${said ? `\n${said}` : ""}`);
  }
}

/** Runs a command to its end, whatever its exit code. Rejects only when it cannot be started or takes too long. */
export function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
      detached: options.started !== undefined && process.platform !== "win32",
    });
    options.started?.(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const { onErrorLine } = options;
    if (onErrorLine) {
      createInterface({ input: child.stderr }).on("line", (line) => {
        stderr += onErrorLine(line) ? "" : `${line}\n`;
      });
    } else {
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    }
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL" && options.timeoutMs) {
        reject(new Error(`${command} ${args.join(" ")}: no end after ${options.timeoutMs / 1000} s`));
      } else {
        resolve({ code: code ?? 1, stdout, stderr });
      }
    });
    // A command that ends without reading its input closes the pipe under us; its exit code shows the result.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a command and gives what it printed. Rejects with {@link CommandError} when it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(command, args, options);
  if (result.code !== 0) {
    throw new CommandError([command, ...args].join(" ").slice(0, 200), result);
  }
  return result.stdout;
}
