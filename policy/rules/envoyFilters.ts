/** EnvoyFilters. */
import { keyed } from "../mesh/resource";
import { eachOf, rule } from "../rule";

/** What patches of routes can be applied to. */
const routes = new Set(["ROUTE_CONFIGURATION", "HTTP_ROUTE"]);
/** What REPLACE can be applied to. */
const replaceable = new Set(["HTTP_FILTER", "NETWORK_FILTER", "VIRTUAL_HOST"]);

export const envoyFilterOperationValid = rule({
  name: "envoy-filter-operation-valid",
  description: "A patch of an EnvoyFilter uses an operation that applies to what it patches.",
  rationale: "Istio ignores a patch whose operation does not apply: the filter is accepted and does nothing.",
  fix: "Use MERGE for routes; REPLACE only for HTTP_FILTER, NETWORK_FILTER and VIRTUAL_HOST.",
  codes: ["IST0152", "IST0153", "IST0154"],
  check: eachOf("EnvoyFilter", (filter, { report }) => {
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
  }),
});

const relative = new Set(["INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE"]);

export const envoyFilterOrderExplicit = rule({
  name: "envoy-filter-order-explicit",
  description: "An EnvoyFilter whose patches are relative to another filter has a priority.",
  rationale:
    "A patch that is applied before the filter that it refers to is there has no effect, and the order is by age.",
  fix: "Set `priority`, or use INSERT_FIRST or ADD.",
  level: "advisory",
  codes: ["IST0151", "IST0155"],
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
        // Another rule reports a patch that does not apply at all.
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

/** Filters by their names before Envoy 1.14, which later versions do not know. */
const oldNames: Readonly<Record<string, string>> = {
  "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
  "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
  "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
  "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
  "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
  "envoy.ratelimit": "envoy.filters.network.ratelimit",
  "envoy.rate_limit": "envoy.filters.http.ratelimit",
  "envoy.health_check": "envoy.filters.http.health_check",
  "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
  "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
  "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
  "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
  "envoy.file_access_log": "envoy.access_loggers.file",
  "envoy.http_grpc_access_log": "envoy.access_loggers.http_grpc",
  "envoy.zipkin": "envoy.tracers.zipkin",
  "envoy.lightstep": "envoy.tracers.lightstep",
};

/** The name that took the place of an old one; undefined for a name that is not old. */
function currentName(name: string): string | undefined {
  const plain = /^envoy\.(\w+)$/.exec(name)?.[1];
  return oldNames[name] ?? (plain === undefined ? undefined : `envoy.filters.http.${plain}`);
}

export const envoyFilterNamesCurrent = rule({
  name: "envoy-filter-names-current",
  description: "An EnvoyFilter uses the names of filters and types that the proxy's Envoy has.",
  rationale:
    "Envoy dropped its old filter names and the v2 API. A match on an old name matches nothing, and a listener with an old type is " +
    "rejected: the proxy keeps its last configuration, or does not become ready.",
  fix: "Use the names of the v3 API, such as envoy.filters.http.router and type.googleapis.com/envoy.extensions.*.v3.*.",
  source: "reference/config/networking/envoy-filter/",
  check: eachOf("EnvoyFilter", (filter, { report }) => {
    const visit = (value: unknown, field: string): void => {
      if (typeof value !== "object" || value === null) {
        return;
      }
      for (const [key, item] of Object.entries(value)) {
        const at = Array.isArray(value) ? `${field}[${key}]` : keyed(field, key);
        if (typeof item !== "string") {
          visit(item, at);
          continue;
        }
        // Beside its type, a name is only a label.
        const current = key === "name" && !("typed_config" in value) ? currentName(item) : undefined;
        if (current !== undefined) {
          report(filter, {
            field: at,
            message: `${item} is a name that Envoy no longer has: the patch matches nothing, or the listener is rejected.`,
            fix: `Write ${current}.`,
          });
        } else if (key === "@type" && /\benvoy\.(api\.v2|config\.filter|.*\.v2(alpha\d?)?\.)/.test(item)) {
          report(filter, {
            field: at,
            message: `${item} is a type of Envoy's v2 API, which is gone: the listener is rejected.`,
            fix: "Use the type of the v3 API (type.googleapis.com/envoy.extensions.*.v3.*).",
          });
        }
      }
    };
    filter.fields.spec?.configPatches?.forEach(({ match, patch }, i) => {
      visit(match, `spec.configPatches[${i}].match`);
      visit(patch?.value, `spec.configPatches[${i}].patch.value`);
    });
  }),
});
