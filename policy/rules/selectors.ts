/** Selectors and target references: what a resource is for. */
import { isAmbient } from "../mesh/injection";
import type { Mesh, Workload } from "../mesh/mesh";
import type { Resource } from "../mesh/resource";
import { isEmpty, selectorText } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

/** A Sidecar or a Telemetry. */
export type Selecting = Resource<"Sidecar"> | Resource<"Telemetry">;

/** The labels by which a Sidecar or Telemetry selects, and the field that holds them. */
export function selectorOf(resource: Selecting): { selector: Record<string, string> | undefined; field: string } {
  if (resource.shape === "Sidecar") {
    return {
      selector: resource.fields.spec?.workloadSelector?.labels,
      field: "spec.workloadSelector",
    };
  }
  return { selector: (resource as Resource<"Telemetry">).fields.spec?.selector?.matchLabels, field: "spec.selector" };
}

/** Whether a pod is captured in ambient mode, without a sidecar. */
export function isAmbientPod(mesh: Mesh, { annotations, labels, namespace }: Workload): boolean {
  return (
    annotations["ambient.istio.io/redirection"] === "enabled" ||
    (labels["istio.io/dataplane-mode"] === "ambient" && isAmbient(mesh.namespace(namespace)))
  );
}

/** Sidecars and Telemetries do not overlap. */
export const selectorsDisjoint = rule({
  name: "selectors-disjoint",
  description:
    "A workload is selected by one Sidecar and one Telemetry at most, and a namespace has one default of each.",
  rationale: "Where two of them apply to one pod, which one is used is undefined.",
  fix: "Merge them, or make their selectors exclude each other.",
  level: "mandatory",
  codes: ["IST0110", "IST0111", "IST0159", "IST0160", "KIA1004"],
  source: analysis("IST0110"),
  check({ mesh, each, report }) {
    for (const [shape, overlap, doubled] of [
      ["Sidecar", "IST0110", "IST0111"],
      ["Telemetry", "IST0159", "IST0160"],
    ] as const) {
      const defaults = new Map<string, Selecting[]>();
      const byWorkload = new Map<Workload, Selecting[]>();
      each(mesh.of(shape) as Selecting[], (resource) => {
        const { selector } = selectorOf(resource);
        const { targetRef, targetRefs } = (resource as Resource<"Telemetry">).fields.spec ?? {};
        if (isEmpty(selector)) {
          if (targetRef === undefined && targetRefs === undefined) {
            defaults.set(resource.namespace, [...(defaults.get(resource.namespace) ?? []), resource]);
          }
          return;
        }
        for (const workload of mesh.selectedBy(selector, resource.namespace)) {
          byWorkload.set(workload, [...(byWorkload.get(workload) ?? []), resource]);
        }
      });
      for (const [namespace, resources] of defaults) {
        // Neither of them does anything where there are no sidecars.
        if (resources.length > 1 && !(shape === "Sidecar" && isAmbient(mesh.namespace(namespace)))) {
          for (const resource of resources) {
            report(resource, {
              field: "metadata.name",
              message: `Namespace ${namespace} has several ${shape} resources without a selector: ${resources
                .map(({ name }) => name)
                .sort()
                .join(", ")}.`,
              fix: "Keep one as the default of the namespace, and give the others a selector.",
              code: doubled,
            });
          }
        }
      }
      for (const [workload, resources] of byWorkload) {
        if (resources.length > 1 && !isAmbientPod(mesh, workload)) {
          for (const resource of resources) {
            const { selector, field } = selectorOf(resource);
            report(resource, {
              field,
              message: `${workload.resource.kind} ${workload.resource.name} is selected by several ${shape} resources (${resources
                .map(({ name }) => name)
                .sort()
                .join(", ")}), among them this one with ${selectorText(selector)}.`,
              fix: "Merge them, or make their selectors exclude each other.",
              code: overlap,
            });
          }
        }
      }
    }
  },
});

/** Sidecars and Telemetries select something. */
export const selectorMatchesWorkload = rule({
  name: "selector-matches-workload",
  description: "A Sidecar's or Telemetry's selector takes a workload of its namespace.",
  rationale: "A selector that takes nothing makes the resource a dead letter; selectors never reach another namespace.",
  fix: "Use labels of pods in the same namespace.",
  level: "mandatory",
  codes: ["IST0101", "KIA1006"],
  source: analysis("IST0101"),
  check({ mesh, each, missing }) {
    const declared = mesh.workloads.some(({ assumed }) => !assumed);
    each([...mesh.of("Sidecar"), ...mesh.of("Telemetry")] as Selecting[], (resource) => {
      const { selector, field } = selectorOf(resource);
      if (
        !isEmpty(selector) &&
        !mesh.isOpaque(resource.namespace) &&
        mesh.selectedBy(selector, resource.namespace).length === 0
      ) {
        missing(declared, resource, {
          field,
          message: `No workload in namespace ${resource.namespace} carries the labels ${selectorText(selector)}.`,
          fix: "Correct the labels, or move the resource to the workload's namespace.",
        });
      }
    });
  },
});

/** Sidecar resources are for pods that have sidecars. */
export const policyEffective = rule({
  name: "policy-effective",
  description: "A Sidecar resource does not aim at pods in ambient mode.",
  rationale: "In ambient mode there is no sidecar that a Sidecar resource could configure.",
  fix: "Remove the Sidecar, or inject the pods.",
  level: "mandatory",
  codes: ["IST0167"],
  source: analysis("IST0167"),
  check({ mesh, each, report }) {
    each(mesh.of("Sidecar"), (resource) => {
      const selector = resource.fields.spec?.workloadSelector?.labels;
      const ambient = isEmpty(selector)
        ? isAmbient(mesh.namespace(resource.namespace))
        : mesh.selectedBy(selector, resource.namespace).some((workload) => isAmbientPod(mesh, workload));
      if (ambient) {
        report(resource, {
          field: isEmpty(selector) ? "metadata.namespace" : "spec.workloadSelector",
          message: `What it ${isEmpty(selector) ? `applies to, namespace ${resource.namespace},` : "selects"} is in ambient mode, where it has no effect.`,
          fix: "Remove it, or use sidecars there.",
        });
      }
    });
  },
});
