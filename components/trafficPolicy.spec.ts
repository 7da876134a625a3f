import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import type { TrafficPolicyArgs } from "./trafficPolicy";
import { callersPolicy, TrafficPolicy } from "./trafficPolicy";

const rateLimitService = { host: "ratelimit.rate-limit.svc.cluster.local", port: 8081, domain: "demo" };
const args: TrafficPolicyArgs = { namespace: "demo", serviceName: "user-service" };

function declared(more: Partial<TrafficPolicyArgs>) {
  return declare(() => new TrafficPolicy("user-service", { ...args, ...more }));
}

describe("TrafficPolicy", () => {
  it("has callers pass over endpoints that cannot be reached, and nothing else, where nothing is set", async () => {
    const { all, one } = await declared({});
    assert.deepEqual(all("EnvoyFilter"), []);
    const { connectionPool, outlierDetection } = one("DestinationRule", "user-service").inputs.spec.trafficPolicy;
    assert.deepEqual(Object.keys(connectionPool), ["tcp"]);
    assert.deepEqual(Object.keys(connectionPool.tcp), ["connectTimeout", "tcpKeepalive"]);
    // What the application answers ejects nothing, and a single pod is never passed over.
    assert.equal(outlierDetection.consecutive5xxErrors, 0);
    assert.equal(outlierDetection.splitExternalLocalOriginErrors, true);
    assert.equal(outlierDetection.minHealthPercent, 50);
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
          tcp: {
            connectTimeout: "1s",
            tcpKeepalive: { time: "10s", interval: "2s", probes: 3 },
            maxConnections: 10,
          },
          http: { http1MaxPendingRequests: 5, http2MaxRequests: 20 },
        },
        outlierDetection: {
          splitExternalLocalOriginErrors: true,
          consecutiveLocalOriginFailures: 3,
          minHealthPercent: 50,
          consecutive5xxErrors: 3,
          interval: "10s",
          baseEjectionTime: "30s",
          maxEjectionPercent: 50,
        },
      },
    });
  });

  it("says of each limit only what was asked for", () => {
    assert.deepEqual(callersPolicy({ maxPendingRequests: 1 }).connectionPool?.http, { http1MaxPendingRequests: 1 });
  });

  it("gives each version a DestinationRule of its own, so that one can go without the others changing", async () => {
    const { all } = await declared({ versions: ["v1", "v2"], circuitBreaker: { maxRequests: 1 } });
    assert.deepEqual(
      all("DestinationRule")
        .map(({ inputs }) => [inputs.metadata.name, inputs.spec.subsets])
        .sort(),
      [
        ["user-service", undefined],
        ["user-service-v1", [{ name: "v1", labels: { version: "v1" } }]],
        ["user-service-v2", [{ name: "v2", labels: { version: "v2" } }]],
      ],
    );
  });

  it("holds for the Service of each version as well, where there are such", async () => {
    const { all } = await declared({ versions: ["v1"], versionServices: true, circuitBreaker: { maxRequests: 1 } });
    const specs = all("DestinationRule").flatMap(({ inputs }) => (inputs.spec.trafficPolicy ? [inputs.spec] : []));
    const [service, version] = ["user-service", "user-service-v1"].map((host) =>
      specs.find((one) => one.host === host),
    );
    assert.equal(version.trafficPolicy.connectionPool.http.http2MaxRequests, 1);
    assert.deepEqual(version.trafficPolicy, service.trafficPolicy);
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

  it("has the service's pods ask the rate limit service, after the limit of their own", async () => {
    const { all } = await declared({
      rateLimit: { tokens: 60, fillInterval: "1s" },
      globalRateLimit: { requests: 100, unit: "minute" },
      rateLimitService,
    });
    const [own, shared] = all("EnvoyFilter").map(({ inputs }) => inputs);
    assert.equal(shared.metadata.name, "user-service-rate-limit-global");
    assert.deepEqual(shared.spec.workloadSelector, { labels: { app: "user-service" } });
    assert.ok(shared.spec.priority > own.spec.priority);
    const [filter, descriptor] = shared.spec.configPatches;
    assert.deepEqual(
      [filter.match.context, filter.patch.operation, filter.match.listener.filterChain.filter.subFilter.name],
      ["SIDECAR_INBOUND", "INSERT_BEFORE", "envoy.filters.http.router"],
    );
    const config = filter.patch.value.typed_config;
    assert.equal(config.domain, "demo");
    assert.equal(config.failure_mode_deny, false);
    assert.equal(config.enable_x_ratelimit_headers, "DRAFT_VERSION_03");
    assert.deepEqual(config.rate_limit_service.grpc_service.envoy_grpc, {
      cluster_name: "outbound|8081||ratelimit.rate-limit.svc.cluster.local",
      authority: "ratelimit.rate-limit.svc.cluster.local",
    });
    assert.deepEqual(
      [descriptor.applyTo, descriptor.match, descriptor.patch.operation],
      ["VIRTUAL_HOST", { context: "SIDECAR_INBOUND" }, "MERGE"],
    );
    assert.deepEqual(descriptor.patch.value.rate_limits, [
      { actions: [{ generic_key: { descriptor_key: "service", descriptor_value: "user-service" } }] },
    ]);
  });

  it("refuses requests that are not counted, with failOpen: false", async () => {
    const globalRateLimit = { requests: 1, unit: "day", failOpen: false } as const;
    const { one } = await declared({ globalRateLimit, rateLimitService });
    const config = one("EnvoyFilter").inputs.spec.configPatches[0].patch.value.typed_config;
    assert.deepEqual([config.failure_mode_deny, config.status_on_error], [true, { code: "ServiceUnavailable" }]);
  });

  it("names every mistake at once, before anything is declared", async () => {
    const message = await errorOf(
      () =>
        new TrafficPolicy("x", {
          ...args,
          circuitBreaker: { maxConnections: 0, interval: "10" },
          rateLimit: { tokens: 10, fillInterval: "20ms", burst: 5 },
          globalRateLimit: { requests: 1.5, unit: "minute" },
          versions: ["V2"],
        }),
    );
    for (const field of [
      "maxConnections",
      "interval",
      "rateLimit.burst",
      "rateLimit.fillInterval",
      "globalRateLimit.requests",
      "rateLimitService",
      "versions[0]",
    ]) {
      assert.ok(message.includes(field), `${field} in ${message}`);
    }
  });
});
