/** Seconds that a pod waits on a node that is gone before it is replaced; Kubernetes' own default is five minutes. */
const evictionSeconds = 30;

/**
 * A rollout compares its new pods with each other. Its old ones, which are about to go, would drive all of them to the
 * other node.
 */
const matchLabelKeys = ["pod-template-hash"];

/**
 * What keeps pods apart, by node and by zone, as far as the cluster has room for it, and replaces those of a node that
 * is gone.
 *
 * Pods are spread over nodes by affinity, over zones by a constraint: the scheduler leaves out of a pod's constraints
 * every node that lacks the label of one of them. Two constraints would count for nothing where nodes have no zone, as
 * in kind and on bare metal.
 * @param matchLabels Labels of the pods that are spread.
 * @returns fields of a pod's spec, which are also values of Istio's charts.
 */
export function spreadOverNodesAndZones(matchLabels: Record<string, string>) {
  const labelSelector = { matchLabels };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector, matchLabelKeys } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector,
        matchLabelKeys,
      },
    ],
    tolerations: ["not-ready", "unreachable"].map((state) => ({
      key: `node.kubernetes.io/${state}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: evictionSeconds,
    })),
  };
}
