import { validate } from "../mesh/validation";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Resources are what their kind says. */
export const schemaValid = rule({
  name: "schema-valid",
  description: "Every field of a resource has the type and the value that its kind requires.",
  rationale: "The API server or Istio's own validation refuses the resource, and a deployment stops half way.",
  fix: "Correct the field.",
  level: "mandatory",
  codes: ["IST0106"],
  source: analysis("IST0106"),
  check({ mesh, each, report }) {
    each(mesh.resources, (resource) => {
      const at = (path: readonly (string | number)[]): string =>
        path.reduce<string>(
          (text, step) =>
            typeof step === "number"
              ? `${text}[${step}]`
              : /^[\w-]+$/.test(step)
                ? text === ""
                  ? step
                  : `${text}.${step}`
                : `${text}["${step}"]`,
          "",
        );
      for (const { path, message } of resource.misfits) {
        report(resource, { field: at(path), message: `${at(path)} ${message}.`, fix: "Correct its type." });
      }
      for (const { warning, ...finding } of validate(resource)) {
        if (!warning) {
          report(resource, finding);
        }
      }
    });
  },
});
