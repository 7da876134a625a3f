import { injectLabel, revisionLabel } from "../mesh/injection";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { injection } from "../sources";

/** Labels that steer injection stand on the pods. */
export const injectLabelOnTemplate = rule({
  name: "inject-label-on-template",
  description: "The labels that steer injection stand on the pod template, not on the workload.",
  rationale: "The injector sees pods only. The same label on a Deployment is a decoration.",
  fix: "Move the label to `spec.template.metadata.labels`.",
  level: "mandatory",
  codes: [],
  source: injection,
  check({ mesh, each, report }) {
    each(mesh.workloads, ({ resource, prefix, labels, annotations }) => {
      if (prefix === "") {
        return;
      }
      for (const label of [injectLabel, revisionLabel]) {
        const value = resource.labels[label];
        if (value !== undefined && labels[label] === undefined && annotations[label] === undefined) {
          report(resource, {
            field: keyed("metadata.labels", label),
            message: `The label ${label}: ${JSON.stringify(value)} stands on the ${resource.kind}, where the injector does not see it.`,
            fix: `Move it to ${prefix}metadata.labels.`,
          });
        }
      }
    });
  },
});
