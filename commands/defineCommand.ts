import { ConfigError } from "../stacks/configError";
import type { Flags } from "./flags";
import { parseFlags, UsageError } from "./flags";
import { InterruptedError } from "./pulumi/process";

/** What every command line can ask for. */
interface CommonFlags {
  help: boolean;
  json: boolean;
}

/**
 * Runs one command: parses its flags, prints its result, and turns what goes wrong into a message and an exit code
 * (1: it failed, 2: the command line or the config is wrong, 128 and more: a signal ended it).
 * @param help Printed for --help.
 * @param run Does the work; progress goes to `log`. @returns what --json prints. One that did its work, but found something wrong,
 * sets process.exitCode.
 * @param parse Parses the command line; throws UsageError. Default: the flags that all commands share.
 */
export function runCommand<F extends CommonFlags = Flags>(
  help: string,
  run: (flags: F, log: (line: string) => void) => Promise<object>,
  parse: (argv: readonly string[]) => F = parseFlags as (argv: readonly string[]) => unknown as typeof parse,
): void {
  const log = (line: string) => console.error(line);
  const main = async () => {
    const flags = parse(process.argv.slice(2));
    if (flags.help) {
      console.log(help);
      return;
    }
    const result = await run(flags, log);
    if (flags.json) {
      console.log(JSON.stringify(result));
    }
  };
  main().then(
    // What the SDK keeps open must not keep a finished command alive.
    () => process.exit(),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      console.error(process.env.DEBUG && error instanceof Error ? error.stack : `error: ${message}`);
      process.exit(exitCodeOf(error));
    },
  );
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) {
    return error.exitCode;
  }
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}
