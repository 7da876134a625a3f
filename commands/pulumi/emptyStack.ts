import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../session/session";
import type { PulumiCli } from "./cli";
import { holdsSecret, readStackFile } from "../session/stackFiles";
import { withTemporaryFolder } from "../shared/temporaryFolder";
import { homeOf, passphraseOf } from "./environment";
import type { StackOptions } from "./stack";
import { PulumiStack } from "./stack";

/** How a stack without a state is opened. */
export interface EmptyStackOptions extends Pick<StackOptions, "policySettings" | "folder"> {
  /** Whether a cluster may be asked, as the kubeconfig says. Default false: no kubeconfig is found. */
  cluster?: boolean;
}

/**
 * Opens a stack on a backend of its own that has nothing, as long as `use` runs. A preview of it shows all that the
 * program declares, whatever is deployed elsewhere.
 */
export async function withEmptyStack<T>(
  cli: PulumiCli,
  session: Pick<Session, "stack" | "settings">,
  { cluster = false, ...options }: EmptyStackOptions,
  use: (stack: PulumiStack) => Promise<T>,
): Promise<T> {
  const hasSecrets = holdsSecret(readStackFile(session.stack, options.folder).config);
  return withTemporaryFolder(async (folder) => {
    mkdirSync(join(folder, "state"));
    const env = {
      ...homeOf(cli, process.env),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      ...(hasSecrets ? passphraseOf(process.env) : { PULUMI_CONFIG_PASSPHRASE: "a preview keeps nothing" }),
      ...(!cluster && { KUBECONFIG: join(folder, "no-kubeconfig") }),
    };
    const adapt = hasSecrets ? undefined : withoutEncryption;
    return await use(await PulumiStack.open(cli, session, { ...options, env, adapt, configFolder: folder }));
  });
}

/**
 * What decrypts the secrets of a stack's file needs its passphrase or cloud; where the file has no secret, a preview
 * needs neither.
 */
function withoutEncryption(content: Record<string, unknown>): Record<string, unknown> {
  const { encryptionsalt: _, encryptedkey: __, secretsprovider: ___, ...rest } = content;
  return rest;
}
