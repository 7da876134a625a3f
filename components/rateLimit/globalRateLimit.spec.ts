import assert from "node:assert/strict";
import { globalRateLimitFilter } from "./globalRateLimit";

const endpoint = { host: "ratelimit.rate-limit.svc.cluster.local", port: 8081, domain: "demo" };

describe("the filter that asks the rate limit service", () => {
  it("stands before the pods of the service alone, after a limit of their own", () => {
    const filter = globalRateLimitFilter("shop", { requests: 5, unit: "second" }, endpoint);
    assert.deepEqual([filter.workloadSelector, filter.priority], [{ labels: { app: "shop" } }, 20]);
    const [asking, naming] = filter.configPatches as any[];
    assert.deepEqual([asking.applyTo, asking.match.context], ["HTTP_FILTER", "SIDECAR_INBOUND"]);
    assert.equal(asking.patch.value.name, "envoy.filters.http.ratelimit");
    assert.deepEqual(asking.patch.value.typed_config, {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
      domain: "demo",
      timeout: "0.25s",
      failure_mode_deny: false,
      status_on_error: { code: "ServiceUnavailable" },
      enable_x_ratelimit_headers: "DRAFT_VERSION_03",
      rate_limit_service: {
        transport_api_version: "V3",
        grpc_service: {
          envoy_grpc: { cluster_name: `outbound|8081||${endpoint.host}`, authority: endpoint.host },
        },
      },
    });
    // What the proxy names the service by is what the limits are filed under.
    assert.deepEqual(naming, {
      applyTo: "VIRTUAL_HOST",
      match: { context: "SIDECAR_INBOUND" },
      patch: {
        operation: "MERGE",
        value: {
          rate_limits: [{ actions: [{ generic_key: { descriptor_key: "service", descriptor_value: "shop" } }] }],
        },
      },
    });
  });

  it("refuses requests while the service does not answer only where that is declared", () => {
    const denies = (failOpen?: boolean) => {
      const [asking] = globalRateLimitFilter("shop", { requests: 5, unit: "day", failOpen }, endpoint)
        .configPatches as any[];
      return asking.patch.value.typed_config.failure_mode_deny as boolean;
    };
    assert.deepEqual([undefined, true, false].map(denies), [false, false, true]);
  });
});
