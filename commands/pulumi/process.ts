import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { projectFolder } from "../session/stackFiles";
import type { PulumiCli } from "./cli";
import type { EngineReport } from "./events";

/** Signals that end a run, and the exit code that a shell gives a command that one has ended. */
const endings = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A run that a signal has ended. */
export class InterruptedError extends Error {
  constructor(
    command: string,
    readonly signal: keyof typeof endings,
  ) {
    super(`pulumi ${command} was ended by ${signal}; run the command again, and it goes on from there`);
  }

  /** Exit code of the command. */
  get exitCode(): number {
    return endings[this.signal];
  }
}

/** A run that failed. */
export class FailedError extends Error {
  constructor(
    message: string,
    /** What the engine reported of it, where it kept an event log. */
    readonly report?: EngineReport,
  ) {
    super(message);
  }
}

/**
 * Runs the CLI, and waits for it. A signal that ends this process goes to the CLI, which then ends what it is at, writes
 * its state and gives up its lock: that is waited for, too.
 * @param command The CLI's word for what it does, for messages.
 * @param run Starts the CLI in a process group of its own, calls `started` with it, and waits for its end. Of a Ctrl-C,
 * which goes to a whole group, it would get two in ours, and the second means to give up at once.
 * @returns what `run` gives.
 * @throws InterruptedError if a signal ended it.
 */
export async function interruptible<T>(
  command: string,
  run: (started: (child: ChildProcess) => void) => Promise<T>,
): Promise<T> {
  let got: keyof typeof endings | undefined;
  let cli: ChildProcess | undefined;
  const handlers = (Object.keys(endings) as (keyof typeof endings)[]).map((signal) => {
    const forward = () => {
      got = signal;
      cli?.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    };
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  const result = await run((child) => (cli = child)).finally(() => handlers.forEach((off) => off()));
  if (got !== undefined) {
    throw new InterruptedError(command, got);
  }
  return result;
}

/**
 * Runs the CLI as {@link interruptible} does, and shows what it prints, on standard error so that standard output stays
 * ours.
 * @param cwd Folder of the program. Default: this project's.
 * @throws InterruptedError if a signal ended it, and FailedError if it failed; the CLI has then said why.
 */
export async function runPulumi(
  cli: PulumiCli,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd = projectFolder,
): Promise<void> {
  const code = await interruptible(args[0]!, (started) => {
    const child = spawn(cli.command, [...args, "--non-interactive"], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", process.stderr, process.stderr],
      detached: process.platform !== "win32",
    });
    started(child);
    return new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  });
  if (code !== 0) {
    throw new FailedError(`pulumi ${args[0]} ended with exit code ${String(code)}`);
  }
}
