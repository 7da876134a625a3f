import { join } from "node:path";
import { corePlans } from "../info";
import type { StatePaths } from "../paths";
import { tryRun } from "../system/run";

/** Runs the sandbox's own kubectl on it. @param input What it reads from standard input. */
export function kubectl(
  { kubeconfig }: Pick<StatePaths, "kubeconfig">,
  args: readonly string[],
  input?: string,
): ReturnType<typeof tryRun> {
  return tryRun(join(corePlans().core.binDir, "kubectl"), ["--kubeconfig", kubeconfig, ...args], {
    input,
    timeoutMs: 60_000,
  });
}
