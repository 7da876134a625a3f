import { rule } from "../rule";
import { analysis } from "../sources";
import { eachAnnotation } from "./annotated";

/** Istio's annotations are ones that it knows. */
export const annotationKnown = rule({
  name: "annotation-known",
  description: "An annotation in Istio's name space is one that Istio knows.",
  rationale: "A misspelt annotation does nothing, and nobody says so.",
  fix: "Correct the name.",
  level: "mandatory",
  codes: ["IST0108"],
  source: analysis("IST0108"),
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known }) => {
      if (known === undefined) {
        report(resource, {
          field,
          message: `Istio knows no annotation ${name}, so it does nothing.`,
          fix: "Correct its name, or remove it.",
        });
      }
    });
  },
});
