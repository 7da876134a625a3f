import { parse, stringify } from "yaml";

/** What a node image of our own needs beyond the cluster that a user of released kind gets. */
export interface OwnImages {
  /** Where kubeadm finds the images of the control plane. */
  repository: string;
  pause: string;
  coreDnsTag: string;
  etcdTag: string;
}

interface ClusterConfig {
  nodes: { role: "control-plane" | "worker" }[];
  containerdConfigPatches?: string[];
  kubeadmConfigPatches?: string[];
}

/**
 * The configuration that kind gets. Pure.
 * @param base The one that users of released kind get: commands/kindCluster.yaml.
 * @param nodes Nodes in all: a control plane, and workers. At least 1.
 * @param own Undefined for a node image of kind's own.
 */
export function kindConfig(base: string, nodes: number, own?: OwnImages): string {
  const config = parse(base) as ClusterConfig;
  const workers = Array.from({ length: nodes - 1 }, () => ({ role: "worker" as const }));
  return stringify({
    ...config,
    nodes: [...config.nodes, ...workers],
    ...(own && {
      containerdConfigPatches: [
        ...(config.containerdConfigPatches ?? []),
        [
          '[plugins."io.containerd.grpc.v1.cri"]',
          `  sandbox_image = "${own.pause}"`,
          // A container of the node may not lower its score where CAP_SYS_RESOURCE is missing.
          "  restrict_oom_score_adj = true",
          "",
        ].join("\n"),
      ],
      kubeadmConfigPatches: [
        ...(config.kubeadmConfigPatches ?? []),
        stringify({
          kind: "ClusterConfiguration",
          imageRepository: own.repository,
          dns: { imageTag: own.coreDnsTag },
          etcd: { local: { imageTag: own.etcdTag } },
        }),
        // The kubelet refuses version 1 of control groups unless this is set; where there is version 2 it means
        // nothing.
        stringify({ kind: "KubeletConfiguration", failCgroupV1: false }),
      ],
    }),
  });
}
