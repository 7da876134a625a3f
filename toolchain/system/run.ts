import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input. */
  input?: string;
  timeoutMs?: number;
  /** Called with each line of standard error. @returns true for a line of progress, which is no part of the result. */
  onErrorLine?: (line: string) => boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that ran and failed; its message ends with the last lines the command wrote. */
export class CommandError extends Error {
  constructor(
    command: string,
    readonly result: RunResult,
  ) {
    const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12).join("\n");
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
    });
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
