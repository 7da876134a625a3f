/**
 * @param matchLabels Labels of the pods that are spread.
 * @returns constraints that keep pods apart, by node and by zone, as far as the cluster has room for it.
 */
export function spreadOverNodesAndZones(matchLabels: Record<string, string>) {
  return ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  }));
}
