import { existsSync } from "node:fs";
import type { ConfigReader } from "./configReader";

/**
 * What kinds of cluster there are, as far as addresses differ. Node ports of a `local` one answer on this machine (Docker Desktop, Rancher
 * Desktop, OrbStack, Colima, MicroK8s); k3d publishes only the ports that its command names.
 */
export const clusterKinds = ["kind", "minikube", "k3d", "local", "remote"] as const;

/** One of {@link clusterKinds}. */
export type ClusterKind = (typeof clusterKinds)[number];

/** Which cluster config asks for. */
export interface ClusterConfig {
  /** Path of the kubeconfig file. Default: as kubectl finds it. */
  kubeconfig?: string;
  /** Context by name. Default: the current one, if it is local. */
  context?: string;
  /** Kind of cluster. Default: by the context's name. */
  kind?: ClusterKind;
}

/** Reads the keys that say which cluster to use. */
export function readCluster(reader: ConfigReader): ClusterConfig {
  const kind = reader.oneOf("clusterKind", [...clusterKinds, "auto"], "auto");
  return {
    kubeconfig: reader.textThat(
      "kubeconfig",
      undefined,
      existsSync,
      "no such file; give the whole path, or remove the key to find the file as kubectl does",
    ),
    context: reader.text("kubeContext", undefined),
    kind: kind === "auto" ? undefined : kind,
  };
}
