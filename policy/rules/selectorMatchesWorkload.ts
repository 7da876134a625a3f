import { isEmpty, selectorText } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";
import { selectorOf, type Selecting } from "./selectorsDisjoint";

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
