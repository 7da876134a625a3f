import { isControlPlane, simulateInjection } from "../mesh/injection";
import { rule } from "../rule";
import { requirements } from "../sources";

const names = ["app", "app.kubernetes.io/name", "service.istio.io/canonical-name"];
const versions = ["version", "app.kubernetes.io/version", "service.istio.io/canonical-revision"];

/** Workloads have a name and a version in metrics and traces. */
export const canonicalLabels = rule({
  name: "canonical-labels",
  description: "The pods of a workload in the mesh are labelled with app and version.",
  rationale:
    "Metrics, traces and the topology view name workloads by these labels; without them they show up as unknown.",
  fix: "Add the labels `app` and `version` to the pod template.",
  level: "advisory",
  codes: [],
  source: requirements,
  check({ mesh, settings, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource, labels, prefix } = workload;
      if (workload.assumed || resource.shape === "Pod" || resource.kind === "Job" || resource.kind === "CronJob") {
        return;
      }
      const lacking = [
        ...(names.some((label) => labels[label]) ? [] : ["app"]),
        ...(versions.some((label) => labels[label]) ? [] : ["version"]),
      ];
      if (
        lacking.length > 0 &&
        !isControlPlane(resource) &&
        simulateInjection(mesh, workload, settings).injected === true
      ) {
        report(resource, {
          field: `${prefix}metadata.labels`,
          message: `Its pods lack the label ${lacking.join(" and ")}, by which metrics and traces tell workloads apart.`,
          fix: `Add ${lacking.join(" and ")}.`,
        });
      }
    });
  },
});
