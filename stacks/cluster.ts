import type { ClusterKind } from "../components/gatewayAddress";
import type { ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import type { Kubeconfig } from "./kubeconfig";
import type { OwnAddress } from "./localAddress";
import type { ContextsOf } from "./localClusters";
import { localCluster } from "./localClusters";

/** The cluster that the stack goes to. */
export interface Cluster {
  /** Context of the kubeconfig; undefined if there is no cluster, which is enough for a preview. */
  context?: string;
  /** Kind of cluster. */
  kind: ClusterKind;
}

/** @returns the kind of cluster that a context leads to. */
export function kindOfContext(context: string, kubeconfig: ContextsOf, own?: readonly OwnAddress[]): ClusterKind {
  return localCluster(context, kubeconfig, own)?.kind ?? "remote";
}

/**
 * Decides which cluster is used. A cluster that is not on this machine is used only if config names its context: the
 * current context is left from earlier work and may be any cluster.
 * @param dryRun True for a preview, which may do without a cluster.
 * @throws ConfigError if the context is unknown, or neither local nor named.
 */
export function chooseCluster(config: ClusterConfig, kubeconfig: Kubeconfig, dryRun: boolean): Cluster {
  const { context: named } = config;
  const known = kubeconfig.contexts.length > 0 ? kubeconfig.contexts.join(", ") : "none";
  if (named !== undefined) {
    if (!kubeconfig.contexts.includes(named) && !(dryRun && kubeconfig.contexts.length === 0)) {
      throw new ConfigError([
        { key: "kubeContext", value: named, fix: `no such context in the kubeconfig; it has ${known}` },
      ]);
    }
    return { context: named, kind: config.kind ?? kindOfContext(named, kubeconfig) };
  }

  const { current } = kubeconfig;
  if (current === undefined) {
    if (dryRun) {
      return { kind: config.kind ?? "remote" };
    }
    throw new ConfigError([
      {
        key: "kubeContext",
        value: undefined,
        fix: `no cluster: the kubeconfig has no current context (contexts: ${known}); start a local cluster, or name a context`,
      },
    ]);
  }
  const kind = kindOfContext(current, kubeconfig);
  const at = (context: string) => (kubeconfig.servers[context] ? ` (${kubeconfig.servers[context]})` : "");
  if (kind === "remote") {
    throw new ConfigError([
      {
        key: "kubeContext",
        value: undefined,
        fix: `the current context ${JSON.stringify(current)}${at(current)} is not a local cluster; to use it, name it: pulumi config set kubeContext ${current}`,
      },
    ]);
  }
  return { context: current, kind: config.kind ?? kind };
}
