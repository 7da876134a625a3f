import { specify, unknown } from "../../test/support/policyStack";
import { envoyFilterOperationValid, envoyFilterOrderExplicit, envoyFilterNamesCurrent } from "./envoyFilters";

specify(envoyFilterOperationValid, {
  violations: [
    {
      it: "finds REPLACE of a cluster",
      edits: [["EnvoyFilter limit", "spec.configPatches[0]", { applyTo: "CLUSTER", patch: { operation: "REPLACE" } }]],
      on: "EnvoyFilter demo/limit",
      code: "IST0152",
    },
    {
      it: "finds ADD to a route",
      edits: [["EnvoyFilter limit", "spec.configPatches[0]", { applyTo: "HTTP_ROUTE", patch: { operation: "ADD" } }]],
      on: "EnvoyFilter demo/limit",
      code: "IST0153",
    },
    {
      it: "finds REMOVE of a route configuration",
      edits: [
        [
          "EnvoyFilter limit",
          "spec.configPatches[0]",
          { applyTo: "ROUTE_CONFIGURATION", patch: { operation: "REMOVE" } },
        ],
      ],
      on: "EnvoyFilter demo/limit",
      code: "IST0154",
    },
  ],
  passes: [
    {
      it: "passes MERGE",
      edits: [["EnvoyFilter limit", "spec.configPatches[0]", { applyTo: "HTTP_ROUTE", patch: { operation: "MERGE" } }]],
    },
    { it: "passes a filter without patches", edits: [["EnvoyFilter limit", "spec.configPatches"]] },
  ],
  unknown: {
    edits: [["EnvoyFilter limit", "spec.configPatches[0].patch.operation", unknown]],
    on: "EnvoyFilter demo/limit",
  },
});

specify(envoyFilterOrderExplicit, {
  violations: [
    {
      it: "finds a relative patch without a priority",
      edits: [["EnvoyFilter limit", "spec.configPatches[0].patch.operation", "INSERT_BEFORE"]],
      on: "EnvoyFilter demo/limit",
      code: "IST0151",
    },
    {
      it: "finds one for a version of the proxy",
      edits: [
        [
          "EnvoyFilter limit",
          "spec.configPatches",
          [1, 2].map(() => ({
            applyTo: "HTTP_FILTER",
            match: { proxy: { proxyVersion: "^1.30.*" } },
            patch: { operation: "INSERT_AFTER", value: { name: "x" } },
          })),
        ],
      ],
      on: "EnvoyFilter demo/limit",
      code: "IST0155",
    },
  ],
  passes: [
    {
      it: "passes with a priority",
      edits: [
        ["EnvoyFilter limit", "spec.configPatches[0].patch.operation", "INSERT_BEFORE"],
        ["EnvoyFilter limit", "spec.priority", 10],
      ],
    },
    { it: "passes a filter without patches", edits: [["EnvoyFilter limit", "spec.configPatches"]] },
  ],
  unknown: {
    edits: [["EnvoyFilter limit", "spec.configPatches[0].patch.operation", unknown]],
    on: "EnvoyFilter demo/limit",
  },
});

const patch = "spec.configPatches[0]";

specify(envoyFilterNamesCurrent, {
  violations: [
    {
      it: "finds an old name in a match",
      edits: [
        [
          "EnvoyFilter limit",
          `${patch}.match`,
          { listener: { filterChain: { filter: { name: "envoy.http_connection_manager" } } } },
        ],
      ],
      on: "EnvoyFilter demo/limit",
    },
    {
      it: "finds an old name in a patch",
      edits: [["EnvoyFilter limit", `${patch}.patch.value`, { name: "envoy.lua" }]],
      on: "EnvoyFilter demo/limit",
    },
    {
      it: "finds a type of the v2 API",
      edits: [
        [
          "EnvoyFilter limit",
          `${patch}.patch.value`,
          {
            name: "envoy.filters.http.lua",
            typed_config: { "@type": "type.googleapis.com/envoy.config.filter.http.lua.v2.Lua" },
          },
        ],
      ],
      on: "EnvoyFilter demo/limit",
    },
  ],
  passes: [
    {
      it: "passes a label of one's own beside the type",
      edits: [
        [
          "EnvoyFilter limit",
          `${patch}.patch.value`,
          {
            name: "envoy.lua",
            typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua" },
          },
        ],
      ],
    },
  ],
  unknown: { edits: [["EnvoyFilter limit", `${patch}.patch.value`, unknown]], on: "EnvoyFilter demo/limit" },
});
