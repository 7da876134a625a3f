import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import type { TrafficPolicyArgs } from "./trafficPolicy";
import { circuitBreakerPolicy, TrafficPolicy } from "./trafficPolicy";

const args: TrafficPolicyArgs = { namespace: "demo", serviceName: "user-service" };

function declared(more: Partial<TrafficPolicyArgs>) {
  return declare(() => new TrafficPolicy("user-service", { ...args, ...more }));
}

describe("TrafficPolicy", () => {
  it("declares nothing where nothing is set", async () => {
    const { all } = await declared({});
    assert.deepEqual([all("DestinationRule"), all("EnvoyFilter")], [[], []]);
  });

  it("limits connections and requests, and ejects who only fails", async () => {
    const circuitBreaker = { maxConnections: 10, maxPendingRequests: 5, maxRequests: 20, consecutive5xx: 3 };
    const { one } = await declared({ circuitBreaker });
    const { apiVersion, spec } = one("DestinationRule", "user-service").inputs;
    assert.equal(apiVersion, "networking.istio.io/v1");
    assert.deepEqual(spec, {
      host: "user-service",
      trafficPolicy: {
        connectionPool: {
          tcp: { maxConnections: 10 },
          http: { http1MaxPendingRequests: 5, http2MaxRequests: 20 },
        },
        outlierDetection: {
          consecutive5xxErrors: 3,
          interval: "10s",
          baseEjectionTime: "30s",
          maxEjectionPercent: 50,
        },
      },
    });
  });

  it("says of each limit only what was asked for", () => {
    assert.equal(circuitBreakerPolicy({}), undefined);
    assert.deepEqual(circuitBreakerPolicy({ maxPendingRequests: 1 }), {
      connectionPool: { http: { http1MaxPendingRequests: 1 } },
    });
  });

  it("gives each version a DestinationRule of its own, so that one can go without the others changing", async () => {
    const { all } = await declared({ versions: ["v1", "v2"], circuitBreaker: { maxRequests: 1 } });
    assert.deepEqual(
      all("DestinationRule").map(({ inputs }) => [inputs.metadata.name, inputs.spec.subsets]),
      [
        ["user-service", undefined],
        ["user-service-v1", [{ name: "v1", labels: { version: "v1" } }]],
        ["user-service-v2", [{ name: "v2", labels: { version: "v2" } }]],
      ],
    );
  });

  it("puts a token bucket in front of the service's own pods, right before the application", async () => {
    const { one } = await declared({ rateLimit: { tokens: 60, fillInterval: "1m30s", burst: 90 } });
    const { metadata, spec } = one("EnvoyFilter").inputs;
    assert.equal(metadata.name, "user-service-rate-limit");
    assert.deepEqual(spec.workloadSelector, { labels: { app: "user-service" } });
    assert.ok(spec.priority > 0);
    const [{ match, patch }] = spec.configPatches;
    assert.equal(match.context, "SIDECAR_INBOUND");
    assert.equal(patch.operation, "INSERT_BEFORE");
    const limit = patch.value.typed_config;
    assert.deepEqual(limit.token_bucket, { max_tokens: 90, tokens_per_fill: 60, fill_interval: "90s" });
    assert.equal(limit.enable_x_ratelimit_headers, "DRAFT_VERSION_03");
    assert.deepEqual(limit.response_headers_to_add[0].header, { key: "retry-after", value: "90" });
  });

  it("names every mistake at once, before anything is declared", async () => {
    const message = await errorOf(
      () =>
        new TrafficPolicy("x", {
          ...args,
          circuitBreaker: { maxConnections: 0, interval: "10" },
          rateLimit: { tokens: 10, fillInterval: "20ms", burst: 5 },
          versions: ["V2"],
        }),
    );
    for (const field of ["maxConnections", "interval", "rateLimit.burst", "rateLimit.fillInterval", "versions[0]"]) {
      assert.ok(message.includes(field), `${field} in ${message}`);
    }
  });
});
