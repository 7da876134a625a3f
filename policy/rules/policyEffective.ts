import { isAmbient } from "../mesh/injection";
import { isEmpty } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";
import { isAmbientPod } from "./selectorsDisjoint";

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
