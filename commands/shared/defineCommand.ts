import { existsSync, realpathSync } from "node:fs";
import { ConfigError } from "../../stacks/configError";
import type { Flags } from "./flags";
import { parseFlags, UsageError } from "./flags";
import { NoClusterError } from "../session/noCluster";
import { InterruptedError } from "../pulumi/process";

/** What every command line can ask for. */
interface CommonFlags {
  help: boolean;
  json: boolean;
}

/** A command that an npm script runs. */
export interface Command {
  /** Printed for --help. */
  help: string;
  /** Parses the words of a command line. @throws UsageError */
  parse: (argv: readonly string[]) => unknown;
  /** Runs it with the words of a command line. @returns its exit code. */
  execute: (argv: readonly string[], printer?: Printer) => Promise<number>;
}

/** Where a command prints to. */
export interface Printer {
  /** Takes results. */
  out: (text: string) => void;
  /** Takes progress and errors. */
  err: (text: string) => void;
}

/** @returns how a command ends, for its help. */
function exitCodes(goesToCluster: boolean): string {
  const cluster = goesToCluster ? ", 3 there is no cluster or it does not answer" : "";
  return `Exit code: 0 it worked, 1 it failed, 2 the command line or the config is wrong${cluster};
130, 143 or 129 it was ended by Ctrl-C, SIGTERM or SIGHUP.`;
}

const terminal: Printer = { out: (text) => console.log(text), err: (text) => console.error(text) };

/**
 * Makes a command: it parses its flags, prints its result, and turns what goes wrong into a message and an exit code.
 * @param file The file of the command. If Node was started with it, the command runs.
 * @param run Does the work; progress goes to `log`.
 * @returns what --json prints. One that did its work, but found something wrong, sets process.exitCode.
 * @param parse Parses the command line; throws UsageError. Default: the flags that all commands share.
 */
export function defineCommand<F extends CommonFlags = Flags>(
  file: string,
  help: string,
  run: (flags: F, log: (line: string) => void) => Promise<object>,
  parse: (argv: readonly string[]) => F = parseFlags as (argv: readonly string[]) => unknown as typeof parse,
): Command {
  const text = `${help.trimEnd()}\n\n${exitCodes(help.includes("--context NAME"))}\n`;
  const execute = async (argv: readonly string[], { out, err }: Printer = terminal) => {
    try {
      const flags = parse(argv);
      if (flags.help) {
        out(text);
        return 0;
      }
      const result = await run(flags, err);
      if (flags.json) {
        out(JSON.stringify(result));
      }
      return Number(process.exitCode ?? 0);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      err(process.env.DEBUG && error instanceof Error ? String(error.stack) : `error: ${message}`);
      return exitCodeOf(error);
    }
  };
  const command = { help: text, parse, execute };
  const started = process.argv[1];
  if (started !== undefined && existsSync(started) && realpathSync(started) === realpathSync(file)) {
    // What the SDK keeps open must not keep a finished command alive.
    void execute(process.argv.slice(2)).then((code) => process.exit(code));
  }
  return command;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) {
    return error.exitCode;
  }
  if (error instanceof NoClusterError) {
    return 3;
  }
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}
