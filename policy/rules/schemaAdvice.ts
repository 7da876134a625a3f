import { validate } from "../mesh/validation";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Istio's resources use their fields as they are meant. */
export const schemaAdvice = rule({
  name: "schema-advice",
  description: "No Istio resource uses a field in a way that Istio accepts but warns of.",
  rationale: "Such a field is ignored, or does less than it says.",
  fix: "Follow the advice of the finding.",
  level: "advisory",
  codes: ["IST0133"],
  source: analysis("IST0133"),
  check({ mesh, each, report }) {
    each(mesh.resources, (resource) => {
      for (const { warning, ...finding } of validate(resource)) {
        if (warning) {
          report(resource, finding);
        }
      }
    });
  },
});
