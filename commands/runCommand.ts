import { ConfigError } from "../stacks/configError";
import type { ParseArgsConfig } from "node:util";
import type { Flags, MoreFlags } from "./flags";
import { parseFlags, UsageError } from "./flags";

/**
 * Runs one command: parses its flags, prints its result, and turns what goes wrong into a message and an exit code
 * (1: it failed, 2: it was asked for something that makes no sense).
 * @param help Printed for --help.
 * @param run Does the work; progress goes to `log`. @returns what --json prints. One that did its work, but found something wrong,
 * sets process.exitCode.
 * @param more Flags of this command alone.
 */
export function runCommand<O extends NonNullable<ParseArgsConfig["options"]> = Record<never, never>>(
  help: string,
  run: (flags: Flags & MoreFlags<O>, log: (line: string) => void) => Promise<object>,
  more?: O,
): void {
  const log = (line: string) => console.error(line);
  const main = async () => {
    const flags = parseFlags(process.argv.slice(2), more);
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
      process.exit(error instanceof UsageError || error instanceof ConfigError ? 2 : 1);
    },
  );
}
