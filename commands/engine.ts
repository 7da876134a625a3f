import type { Flags } from "./flags";
import type { PulumiCli } from "./pulumiCli";
import { findPulumi } from "./pulumiCli";

/**
 * Decides how the program is applied, and says so.
 * @param appliedInProcess Whether the cluster has a stack that was applied in-process. The CLI knows nothing of it, and would fail at all
 * that is there already.
 * @returns the Pulumi CLI, or undefined for the in-process way.
 * @throws Error if --engine cli asks for a CLI that can't be had, or for a stack that was applied in-process.
 */
export async function chooseEngine(
  flags: Pick<Flags, "engine">,
  log: (line: string) => void,
  appliedInProcess = false,
): Promise<PulumiCli | undefined> {
  if (appliedInProcess && flags.engine === "cli") {
    throw new Error(
      "--engine cli: the stack of this cluster was applied in-process, of which the Pulumi CLI knows nothing; " +
        "remove it first (npm run down), or go on with --engine in-process",
    );
  }
  if (appliedInProcess && flags.engine === "auto") {
    log(
      "engine: in-process, as this cluster's stack was applied; to change to the Pulumi CLI, npm run down comes first",
    );
    return undefined;
  }
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
