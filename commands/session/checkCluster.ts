import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readKubeconfig, serverHost } from "../../stacks/kubeconfig";
import { localCluster } from "../../stacks/localClusters";
import { isOfThisMachine } from "../../stacks/localAddress";
import { ownDockerRuns } from "../../toolchain";
import { askServer } from "./askServer";
import { missingContext, silentCluster, silentSandbox } from "./noCluster";

/** A context that a command goes to, and where it is looked for. */
interface ChosenContext {
  context: string;
  /** What named it: `--context`, `kubeContext`. */
  by: string;
  /** Where a kubeconfig is looked for, whether it is there or not. */
  paths: readonly string[];
}

/**
 * Looks whether a context is there and its cluster answers, before anything else is done.
 * @throws UsageError or NoClusterError, which say what was looked for, where, and what helps.
 */
export async function checkContext({ context, by, paths }: ChosenContext, ask = askServer): Promise<void> {
  const files = paths.filter((file) => existsSync(file));
  const kubeconfig = readKubeconfig(files);
  if (!kubeconfig.contexts.includes(context)) {
    throw missingContext({ context, by, files, lookedFor: paths.join(", ") }, kubeconfig.contexts);
  }
  const server = kubeconfig.servers[context];
  if (server !== undefined && isBehindProxy(server, kubeconfig.proxied?.includes(context) ?? false)) {
    return;
  }
  const reason = server === undefined ? undefined : await ask(server);
  if (server === undefined || reason !== undefined) {
    throw silentCluster({ context, server, files, reason, local: localCluster(context, kubeconfig) });
  }
}

/** Milliseconds in which an API server that ended is started again by its node. */
const returnMs = 20_000;

/**
 * Looks whether the embedded cluster runs. Where its nodes do, an API server that just ended is waited for.
 * @throws NoClusterError which says what was looked for, and what helps.
 */
export async function checkSandbox(kubeconfig: string, why: string, ask = askServer): Promise<void> {
  if (!existsSync(kubeconfig)) {
    throw silentSandbox(kubeconfig, "there is no such file, it was never started here", why);
  }
  const server = Object.values(readKubeconfig([kubeconfig]).servers)[0];
  let reason = server === undefined ? "it has no API server" : await ask(server);
  for (const end = Date.now() + returnMs; server && reason && ownDockerRuns() && Date.now() < end; await sleep(500)) {
    reason = await ask(server);
  }
  if (reason !== undefined) {
    throw silentSandbox(kubeconfig, server === undefined ? reason : `${server}: ${reason}`, why);
  }
}

/**
 * @returns whether a server is reached through a proxy, so that a connection from here says nothing about it. Pure but
 * for `env`.
 */
function isBehindProxy(server: string, proxied: boolean, env: NodeJS.ProcessEnv = process.env): boolean {
  const host = serverHost(server);
  const proxy = env.HTTPS_PROXY || env.https_proxy || env.ALL_PROXY || env.all_proxy;
  return proxied || (Boolean(proxy) && host !== undefined && !isOfThisMachine(host));
}
