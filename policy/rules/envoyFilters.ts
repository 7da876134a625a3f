/** EnvoyFilters. */
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

const relative = new Set(["INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE"]);

/** Patches that depend on others say when they come. */
export const envoyFilterOrderExplicit = rule({
  name: "envoy-filter-order-explicit",
  description: "An EnvoyFilter whose patches are relative to another filter has a priority.",
  rationale:
    "A patch that is applied before the filter that it refers to is there has no effect, and the order is by age.",
  fix: "Set `priority`, or use INSERT_FIRST or ADD.",
  level: "advisory",
  codes: ["IST0151", "IST0155"],
  source: analysis("IST0151"),
  check({ mesh, each, report }) {
    /** The filters that some patch limits to a version of the proxy. */
    const versioned = new Set<string>();
    each(mesh.of("EnvoyFilter"), (filter) => {
      const { priority = 0, configPatches = [] } = filter.fields.spec ?? {};
      configPatches.forEach(({ applyTo = "", match, patch }, i) => {
        if (patch === undefined) {
          return;
        }
        const { operation = "" } = patch;
        const value = patch.value as { name?: unknown } | undefined;
        const named = typeof value?.name === "string" ? value.name : match?.listener?.filterChain?.filter?.name;
        const name = value === undefined ? "" : (named ?? "");
        // What does not apply at all is told by another rule.
        const applies =
          operation === "REMOVE" ? !routes.has(applyTo) : operation !== "REPLACE" || replaceable.has(applyTo);
        if (relative.has(operation) && applies && priority === 0) {
          report(filter, {
            field: `spec.configPatches[${i}].patch.operation`,
            message: `The operation ${operation} is relative to a filter that may come later, and the EnvoyFilter has no priority.`,
            fix: "Set spec.priority.",
            code: versioned.has(name) ? "IST0155" : "IST0151",
          });
        }
        if (match?.proxy?.proxyVersion) {
          versioned.add(name);
        }
      });
    });
  },
});
