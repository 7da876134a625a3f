import type { Flags } from "./flags";
import type { PulumiCli } from "./pulumiCli";
import { findPulumi } from "./pulumiCli";

/**
 * Decides how the program is applied, and says so.
 * @returns the Pulumi CLI, or undefined for the in-process way.
 * @throws Error if --engine cli asks for a CLI that can't be had.
 */
export async function chooseEngine(flags: Flags, log: (line: string) => void): Promise<PulumiCli | undefined> {
  if (flags.engine !== "in-process") {
    const cli = await findPulumi(log);
    if (cli) {
      log(`engine: Pulumi CLI ${cli.version} (${cli.source})`);
      return cli;
    }
    if (flags.engine === "cli") {
      throw new Error("--engine cli: there is no Pulumi CLI; install it, or say --engine in-process");
    }
  }
  const why = flags.engine === "in-process" ? "asked for" : "no Pulumi CLI can be had";
  log(`engine: in-process, the fallback (${why}): no preview, no state file; an inventory in the cluster instead`);
  return undefined;
}
