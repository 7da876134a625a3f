import { annotationValues } from "../mesh/annotations";
import { rule } from "../rule";
import { analysis } from "../sources";
import { eachAnnotation } from "./annotated";

/** Istio's annotations have values that it takes. */
export const annotationValid = rule({
  name: "annotation-valid",
  description: "An annotation of Istio has a value that it takes.",
  rationale: "The injector refuses a pod with a wrong value, so that no pod is created at all.",
  fix: "Correct the value.",
  level: "mandatory",
  codes: ["IST0125"],
  source: analysis("IST0125"),
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, value, field, on, known }) => {
      const wanted =
        known !== undefined && (on === "Pod" || known.targets.includes("Any"))
          ? annotationValues[name]?.(value)
          : undefined;
      if (wanted !== undefined) {
        report(resource, {
          field,
          message: `The annotation ${name} is ${JSON.stringify(value)}, but has to be ${wanted}.`,
          fix: "Correct the value.",
        });
      }
    });
  },
});
