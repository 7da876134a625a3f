import { rule } from "../rule";
import { analysis } from "../sources";
import { eachAnnotation } from "./annotated";

/** Istio's annotations stand on what they are for. */
export const annotationPlacement = rule({
  name: "annotation-placement",
  description: "An annotation of Istio stands on a kind of resource that it is for.",
  rationale: "Istio reads an annotation of pods on pods only: on the Deployment it does nothing.",
  fix: "Move it, mostly to `spec.template.metadata.annotations`.",
  level: "mandatory",
  codes: ["IST0107"],
  source: analysis("IST0107"),
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, on, known }) => {
      const targets: readonly string[] = known?.targets ?? ["Any"];
      if (!targets.includes("Any") && !targets.includes(on)) {
        report(resource, {
          field,
          message: `The annotation ${name} has no effect on a ${on}: it is for ${targets.join(", ")}.`,
          fix: targets.includes("Pod") && on !== "Namespace" ? "Move it to the pod template." : "Move or remove it.",
        });
      }
    });
  },
});
