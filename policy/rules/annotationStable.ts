import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { analysis } from "../sources";
import { eachAnnotation } from "./annotated";

/** What Istio's CNI plugin has the injector set by itself. */
const setByDefault = new Set([
  "sidecar.istio.io/interceptionMode",
  "traffic.sidecar.istio.io/includeInboundPorts",
  "traffic.sidecar.istio.io/excludeInboundPorts",
  "traffic.sidecar.istio.io/includeOutboundIPRanges",
]);

/** Production does not rest on alpha features. */
export const annotationStable = rule({
  name: "annotation-stable",
  description: "No resource carries an annotation of an alpha feature of Istio.",
  rationale: "Alpha features may change or go without notice.",
  fix: "Do without it, or accept the risk by switching the rule off.",
  level: "advisory",
  codes: ["IST0136"],
  source: analysis("IST0136"),
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known, on, template }) => {
      const workload = on === "Pod" ? mesh.workloadOf(resource) : undefined;
      const cni =
        workload !== undefined && !containersOf(workload).some(({ container }) => container.name === "istio-init");
      // On pod templates these are how Istio is told what it needs; on the resource itself they are an oversight.
      if (known?.maturity === "alpha" && !template && !(cni && setByDefault.has(name))) {
        report(resource, {
          field,
          message: `The annotation ${name} belongs to an alpha feature, which may change without notice.`,
          fix: "Do without it where you can.",
        });
      }
    });
  },
});
