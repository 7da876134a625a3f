import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { KubeClient } from "../../cluster/kubeClient";
import { kubectlCommand } from "../../stacks/kubectl";
import { allStackNamespaces } from "../../stacks/namespacesConfig";
import { connect } from "../session/connect";
import { defineCommand } from "../shared/defineCommand";
import { checkFolderOf, flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { findPulumi } from "../pulumi/cli";
import { passphraseOf } from "../pulumi/environment";
import type { Session } from "../session/session";
import { openSession } from "../session/session";
import type { MeshOutputs } from "../session/stackOutputs";
import { readOutputs } from "../session/stackOutputs";
import { projectFolder, readProject, readStackFile } from "../session/stackFiles";
import { withoutSecrets, writeArchive } from "./archive";
import { collect } from "./collect";
import type { SupportFile } from "./collect";
import { SecretRemover } from "./secrets";
import { checks } from "../verify/checks";
import { Cluster } from "../verify/cluster";
import { verify } from "../verify/verifyMesh";

const help = `npm run support -- [flags]

Writes one archive for a request for help: versions, the objects of the stack's namespaces, the configuration of each proxy, logs, and
what verify finds. Secrets are removed: values of Secrets, passwords and tokens in variables, configuration and logs, private keys,
Pulumi's passphrase. Look through it before you send it: only you know what is secret in your own logs.

      --output FILE       Path of the archive (default: support-STACK-TIME.tgz in the current folder)
      --log-lines N       Most lines of each log (default: 2000)
${flagsHelp}`;

const options = { output: { type: "string" }, "log-lines": { type: "string", default: "2000" } } as const;

/**
 * Namespaces to collect from, of a stack without outputs as well: one that failed half way is what support is asked
 * for.
 */
function namespacesOf(outputs: MeshOutputs | undefined, session: Session): string[] {
  if (outputs) {
    return [...new Set(Object.values(outputs.declared.namespaces).filter((one) => one !== undefined))];
  }
  const { config = {} } = readStackFile(session.stack) as { config?: Record<string, unknown> };
  const own = session.settings.namespace ?? config[`${readProject().name}:namespace`];
  return [...new Set([...allStackNamespaces, typeof own === "string" ? own : "demo"])];
}

/** Has the remover know every secret of the namespaces and of Pulumi. */
async function learnSecrets(
  remover: SecretRemover,
  client: KubeClient,
  namespaces: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  for (const namespace of namespaces) {
    (await client.list("v1", "Secret", namespace)).forEach((secret) => remover.learnSecret(secret));
  }
  const { PULUMI_CONFIG_PASSPHRASE_FILE: file = env.PULUMI_CONFIG_PASSPHRASE_FILE } = passphraseOf(env);
  const ofFile = file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : undefined;
  [env.PULUMI_CONFIG_PASSPHRASE, env.PULUMI_ACCESS_TOKEN, ofFile].forEach((one) => one && remover.learn(one));
}

/** What runs where. */
async function versions(session: Session, cluster: Cluster, outputs: MeshOutputs | undefined): Promise<object> {
  const { body } = await cluster.raw("/version");
  const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { version: string };
  const { version: pulumi, source } = await findPulumi(() => undefined);
  return {
    time: new Date().toISOString(),
    stack: session.stack,
    embeddedCluster: session.embedded,
    project: version,
    node: process.versions.node,
    pulumi: `${pulumi} (${source})`,
    kubernetes: (JSON.parse(body || "{}") as { gitVersion?: string }).gitVersion,
    istio: outputs?.declared.istioTag,
  };
}

/** `npm run support`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    checkFolderOf("output", flags.output);
    const logLines = Number(flags["log-lines"]);
    if (!Number.isInteger(logLines) || logLines < 1) {
      throw new UsageError(`--log-lines ${flags["log-lines"]}: use a whole number, 1 or more`);
    }
    const session = await openSession(flags, log, { start: false });
    const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    const file = resolve(flags.output ?? `support-${session.stack}-${time}.tgz`);
    if (existsSync(file)) {
      throw new UsageError(`--output ${file}: there is such a file already; name another`);
    }
    const client = connect(session);
    const cluster = new Cluster(client, kubectlCommand(session));
    const troubles: string[] = [];
    const outputs = await readOutputs(session, log).catch((error: Error) => {
      troubles.push(`outputs of the stack: ${error.message}`);
      return undefined;
    });
    const namespaces = namespacesOf(outputs, session);
    const remover = new SecretRemover(new Set(namespaces));
    await learnSecrets(remover, client, namespaces);

    log("running verify");
    const report = await verify({
      client,
      kubectl: cluster.kubectl,
      checks,
      deep: false,
      outputs: () => (outputs ? Promise.resolve(outputs) : readOutputs(session, log)),
    });
    log(`collecting objects, proxies' configuration and logs of ${namespaces.join(", ")}`);
    const collected = await collect({ cluster, namespaces, logLines });
    troubles.push(...collected.troubles);
    const files: SupportFile[] = [
      { path: "versions.json", content: await versions(session, cluster, outputs) },
      { path: "verify.json", content: report },
      { path: "stack.yaml", content: { file: readStackFile(session.stack), settings: session.settings } },
      ...(outputs ? [{ path: "declared.json", content: outputs.declared }] : []),
      ...collected.files,
      ...(troubles.length > 0 ? [{ path: "not-collected.txt", content: `${troubles.join("\n")}\n` }] : []),
    ];
    await writeArchive(file, withoutSecrets(files, remover));
    troubles.forEach((one) => log(`not collected: ${one}`));
    if (!flags.json) {
      console.log(
        `${file}: ${files.length} files, ${Math.ceil(statSync(file).size / 1024)} KiB; verify ${report.ok ? "passes" : "fails"}`,
      );
    }
    return { file, files: files.length, verify: report.ok, notCollected: troubles };
  },
  (argv: readonly string[]) => parseFlags(argv, options),
);
