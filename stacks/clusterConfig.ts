import { existsSync } from "node:fs";
import { clusterKinds } from "../components/gatewayAddress";
import type { ClusterKind } from "../components/gatewayAddress";
import type { ConfigReader } from "./configReader";
import { key, oneOf, text, textThat } from "./schema";

/** Which cluster config asks for. */
export interface ClusterConfig {
  /** Path of the kubeconfig file. Default: as kubectl finds it. */
  kubeconfig?: string;
  /** Context by name. Default: the current one, if it is local. */
  context?: string;
  /** Kind of cluster. Default: by the context's name. */
  kind?: ClusterKind;
}

/** Keys that say which cluster to use. */
export const clusterKeys = {
  kubeconfig: key(
    "Path of the kubeconfig file. auto finds it as kubectl does.",
    textThat(existsSync, "no such file; give the whole path, or remove the key to find the file as kubectl does"),
  ),
  kubeContext: key(
    "Context of the kubeconfig. auto takes the current one, if its cluster runs on this machine; any other has to be named.",
    text,
  ),
  clusterKind: key(
    "How addresses are found, one of kind, minikube, k3d, local (node ports answer on localhost), remote. auto decides it by the context.",
    oneOf(clusterKinds),
  ),
};

/** Reads the keys that say which cluster to use. */
export function readCluster(reader: ConfigReader): ClusterConfig {
  const { kubeconfig, kubeContext: context, clusterKind: kind } = reader.read(clusterKeys);
  return { kubeconfig, context, kind };
}
