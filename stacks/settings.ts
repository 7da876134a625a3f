import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime";
import { chooseCluster } from "./cluster";
import type { Cluster } from "./cluster";
import { parseConfig } from "./config";
import type { StackConfig } from "./config";
import { kubeconfigFiles, nodeAddress, readKubeconfig } from "./kubeconfig";

/** All that the program is told from outside: its configuration, and the cluster that it goes to. */
export type Settings = Omit<StackConfig, "cluster"> & {
  cluster: Cluster & { kubeconfig?: string; nodeAddress?: string };
};

/**
 * Reads configuration and kubeconfig of the running Pulumi program.
 * @throws ConfigError naming all mistakes, before any resource is declared.
 */
export function readSettings(): Settings {
  const config = parseConfig(allConfig());
  const { kubeconfig } = config.cluster;
  const contexts = readKubeconfig(kubeconfigFiles(kubeconfig));
  const cluster = chooseCluster(config.cluster, contexts, pulumi.runtime.isDryRun());
  return { ...config, cluster: { ...cluster, kubeconfig, nodeAddress: nodeAddress(cluster.context, contexts) } };
}
