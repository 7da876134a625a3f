import type { ClusterConfig, ClusterKind } from "./clusterConfig";
import { ConfigError } from "./configError";
import type { Kubeconfig } from "./kubeconfig";
import { serverHost } from "./kubeconfig";
import { isAddressOf } from "./localAddress";

/** The cluster that the stack goes to. */
export interface Cluster {
  /** Context of the kubeconfig; undefined if there is no cluster, which is enough for a preview. */
  context?: string;
  /** Kind of cluster. */
  kind: ClusterKind;
}

/**
 * @returns the kind of cluster that a context leads to: by the names that kind and minikube give, as long as the API server is where
 * theirs are. Any context may be named `minikube` or `kind-eu`, and that of another machine is remote. A context whose server
 * is not known, as without a kubeconfig, goes by its name alone: nothing can be reached through it.
 */
export function kindOfContext(
  context: string,
  kubeconfig: Pick<Kubeconfig, "minikubeContexts" | "servers">,
): ClusterKind {
  const kind = kindByName(context, kubeconfig.minikubeContexts);
  const server = kubeconfig.servers[context];
  return kind === "remote" || server === undefined || isAddressOf(kind, serverHost(server)) ? kind : "remote";
}

function kindByName(context: string, minikubeContexts: readonly string[]): ClusterKind {
  if (context === "minikube" || minikubeContexts.includes(context)) {
    return "minikube";
  }
  return /^kind(-|$)/.test(context) ? "kind" : "remote";
}

/**
 * Decides which cluster is used. A cluster that is not on this machine is used only if config names its context: the current
 * context is left from earlier work and may be any cluster.
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
        fix: `no cluster: the kubeconfig has no current context (contexts: ${known}); start kind or minikube, or name a context`,
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
