import type { Mesh, Workload } from "../mesh/mesh";
import { selects } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

const topology = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/** The labels by which subsets can select pods: their own, and those that Istio adds for where they run. */
function selectable(mesh: Mesh, { labels, spec }: Workload): Record<string, string> {
  const node = spec.nodeName === undefined ? undefined : mesh.find("Node", "", "", spec.nodeName);
  const added = topology.flatMap((key) => (node?.labels[key] ? [[key, node.labels[key]]] : []));
  const host: Record<string, string> = spec.nodeName === undefined ? {} : { "kubernetes.io/hostname": spec.nodeName };
  return { ...labels, ...host, ...(Object.fromEntries(added) as Record<string, string>) };
}

/** Subsets have pods. */
export const subsetSelectsPods = rule({
  name: "subset-selects-pods",
  description: "Every subset selects pods of its host.",
  rationale: "A subset without pods answers with 503 for every request that is routed to it.",
  fix: "Use labels that the pods of the Service carry.",
  level: "mandatory",
  codes: ["IST0173", "KIA0203"],
  source: analysis("IST0173"),
  check({ mesh, each, missing }) {
    const entryPods = new Map(mesh.serviceEntries.map((entry) => [entry as object, entry]));
    each(mesh.destinationRules, (rule) => {
      const { host = "", subsets } = rule.fields.spec ?? {};
      const target = subsets?.length ? mesh.host(host, rule.namespace) : undefined;
      if (target === undefined) {
        return;
      }
      const entry = entryPods.get(target.resource);
      const service = entry === undefined ? mesh.service(host, rule.namespace) : undefined;
      if (service?.installedBy !== undefined) {
        return;
      }
      const endpoints = [
        ...(entry?.fields.spec?.endpoints ?? []).map((endpoint) => endpoint.labels ?? {}),
        ...mesh.of("WorkloadEntry").map((one) => one.fields.spec?.labels ?? {}),
        ...mesh.of("WorkloadGroup").map((one) => one.fields.spec?.metadata?.labels ?? {}),
      ];
      const workloads =
        service === undefined ? mesh.selectedBy(entry?.fields.spec?.workloadSelector?.labels) : mesh.behind(service);
      subsets?.forEach(({ name, labels = {} }, i) => {
        // An empty value of a topology label is what Istio leaves out, so nothing ever carries it.
        const matches =
          !Object.entries(labels).some(([key, value]) => value === "" && topology.includes(key)) &&
          (workloads.some((workload) => selects(labels, selectable(mesh, workload))) ||
            endpoints.some((endpoint) => selects(labels, endpoint)) ||
            // Which nodes pods of a template run on is not declared, and neither is where those nodes are.
            (Object.keys(labels).some((key) => topology.includes(key) && labels[key] !== "") &&
              workloads.some(({ spec }) => spec.nodeName === undefined)));
        if (!matches) {
          missing(true, rule, {
            field: `spec.subsets[${i}].labels`,
            message: `The subset ${name} selects no pod of ${host}: none carries ${Object.entries(labels)
              .map((pair) => pair.join("="))
              .join(", ")}.`,
            fix: "Correct the subset's labels, or label the pods so.",
          });
        }
      });
    });
  },
});
