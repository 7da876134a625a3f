import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Session } from "../session";
import type { PulumiCli } from "./cli";
import { homeOf } from "./environment";
import type { StackOptions } from "./stack";
import { PulumiStack } from "./stack";

/** How a stack without a state is opened. */
export interface EmptyStackOptions extends Pick<StackOptions, "policySettings" | "folder"> {
  /** Whether a cluster may be asked, as the kubeconfig says. Default false: no kubeconfig is found. */
  cluster?: boolean;
}

/**
 * Opens a stack on a backend of its own that has nothing, as long as `use` runs. A preview of it shows all that the program declares,
 * whatever is deployed elsewhere.
 */
export async function withEmptyStack<T>(
  cli: PulumiCli,
  session: Pick<Session, "stack" | "settings">,
  { cluster = false, ...options }: EmptyStackOptions,
  use: (stack: PulumiStack) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
  try {
    mkdirSync(join(folder, "state"));
    const env = {
      ...homeOf(cli, process.env),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a preview keeps nothing",
      ...(!cluster && { KUBECONFIG: join(folder, "no-kubeconfig") }),
    };
    return await use(await PulumiStack.open(cli, session, { ...options, env, configFolder: folder }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
