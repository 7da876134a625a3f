import { rule } from "../rule";
import { analysis } from "../sources";

/** What patches of routes can be applied to. */
export const routes = new Set(["ROUTE_CONFIGURATION", "HTTP_ROUTE"]);
/** What REPLACE can be applied to. */
export const replaceable = new Set(["HTTP_FILTER", "NETWORK_FILTER", "VIRTUAL_HOST"]);

/** Patches use operations that work on what they patch. */
export const envoyFilterOperationValid = rule({
  name: "envoy-filter-operation-valid",
  description: "A patch of an EnvoyFilter uses an operation that applies to what it patches.",
  rationale: "Istio ignores a patch whose operation does not apply: the filter is accepted and does nothing.",
  fix: "Use MERGE for routes; REPLACE only for HTTP_FILTER, NETWORK_FILTER and VIRTUAL_HOST.",
  level: "mandatory",
  codes: ["IST0152", "IST0153", "IST0154"],
  source: analysis("IST0152"),
  check({ mesh, each, report }) {
    each(mesh.of("EnvoyFilter"), (filter) => {
      filter.fields.spec?.configPatches?.forEach(({ applyTo = "", patch }, i) => {
        const { operation = "" } = patch ?? {};
        const code =
          operation === "REPLACE" && !replaceable.has(applyTo)
            ? "IST0152"
            : routes.has(applyTo) && (operation === "ADD" || operation === "REMOVE")
              ? { ADD: "IST0153", REMOVE: "IST0154" }[operation]
              : undefined;
        if (code !== undefined) {
          report(filter, {
            field: `spec.configPatches[${i}].patch.operation`,
            message: `The operation ${operation} does not apply to ${applyTo || "nothing"}: Istio ignores the patch.`,
            fix: "Use MERGE, or another operation that applies.",
            code,
          });
        }
      });
    });
  },
});
