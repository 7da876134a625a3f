import type { Flags } from "./flags";
import type { PulumiCli } from "./pulumiCli";
import { findPulumi } from "./pulumiCli";

/**
 * Decides how the program is applied, and says so.
 * @param appliedInProcess Tells whether the cluster has a stack that was applied in-process. The CLI knows nothing of it, and would fail
 * at all that is there already.
 * @param find Finds the CLI.
 * @returns the Pulumi CLI, or undefined for the in-process way.
 * @throws Error if --engine cli asks for a CLI that can't be had, or for a stack that was applied in-process.
 */
export async function chooseEngine(
  flags: Pick<Flags, "engine">,
  log: (line: string) => void,
  appliedInProcess: () => Promise<boolean> = () => Promise.resolve(false),
  find = findPulumi,
): Promise<PulumiCli | undefined> {
  if (flags.engine === "in-process") {
    log(inProcess("asked for"));
    return undefined;
  }
  const cli = await find(log);
  if (cli === undefined && flags.engine === "cli") {
    throw new Error("--engine cli: there is no Pulumi CLI; install it, or say --engine in-process");
  }
  if (cli === undefined) {
    log(inProcess("no Pulumi CLI can be had"));
    return undefined;
  }
  if (!(await appliedInProcess())) {
    log(`engine: Pulumi CLI ${cli.version} (${cli.source})`);
    return cli;
  }
  if (flags.engine === "cli") {
    throw new Error(
      "--engine cli: the stack of this cluster was applied in-process, of which the Pulumi CLI knows nothing; " +
        "remove it first (npm run down), or go on with --engine in-process",
    );
  }
  log(inProcess("as this cluster's stack was applied; to change to the Pulumi CLI, npm run down comes first"));
  return undefined;
}

function inProcess(why: string): string {
  return `engine: in-process, the fallback (${why}): no preview, no state file; an inventory in the cluster instead`;
}
