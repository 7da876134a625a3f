import { injectLabel } from "../mesh/injection";
import { rule } from "../rule";
import { analysis } from "../sources";
import { eachAnnotation } from "./annotated";

/** Istio's annotations are not deprecated. */
export const annotationCurrent = rule({
  name: "annotation-current",
  description: "No annotation of Istio that is used is deprecated.",
  rationale: "A deprecated annotation stops working in some later version, without an error.",
  fix: "Use what takes its place; for sidecar.istio.io/inject that is the label of the same name.",
  level: "advisory",
  codes: ["IST0135"],
  source: analysis("IST0135"),
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known, labels }) => {
      // Whoever has the label as well knows, and keeps the annotation for older versions.
      if (known?.deprecated === true && !(name === injectLabel && labels[injectLabel] !== undefined)) {
        report(resource, {
          field,
          message: `The annotation ${name} is deprecated${name === injectLabel ? " in favour of the label of the same name" : ""}.`,
          fix: name === injectLabel ? "Make it a label." : "Remove it.",
        });
      }
    });
  },
});
