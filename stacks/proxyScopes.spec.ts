import assert from "node:assert/strict";
import { parseConfig } from "./config";
import { proxyScopes } from "./proxyScopes";
import type { Settings } from "./settings";

/** Settings of a config; nothing here asks for a cluster. */
function scopesOf(config: Record<string, unknown>) {
  const raw = Object.entries(config).map(([key, value]) => [
    `sidecar-mesh:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const settings = parseConfig(Object.fromEntries(raw) as Record<string, string>) as Settings;
  return { settings, scopes: proxyScopes(settings) };
}

function known(config: Record<string, unknown>): Record<string, string[]> {
  const { settings, scopes } = scopesOf(config);
  return Object.fromEntries(settings.services.map((service) => [service.serviceName, scopes!.ofService(service)]));
}

describe("proxyScopes", () => {
  it("limits proxies in prod, unless config says otherwise or edges need not be declared", () => {
    assert.ok(scopesOf({ profile: "prod" }).scopes);
    for (const config of [{}, { profile: "prod", proxyScope: "mesh" }, { profile: "prod", defaultDeny: "false" }]) {
      assert.equal(scopesOf(config).scopes, undefined, JSON.stringify(config));
    }
  });

  it("lets a service know itself, whom it may call, and who takes its spans", () => {
    const common = ["istio-system/*", "*/jaeger-collector.observability.svc.cluster.local"];
    const user = "demo/user-service.demo.svc.cluster.local";
    const payment = "demo/payment-service.demo.svc.cluster.local";
    assert.deepEqual(known({ proxyScope: "declared" }), {
      "user-service": [...common, user, payment],
      "payment-service": [...common, payment],
    });
  });

  it("adds the rate limit service for who asks it, and what config names for all", () => {
    const services = [{ name: "a", globalRateLimit: { requests: 1, unit: "second" } }, { name: "b" }];
    const { a, b } = known({
      proxyScope: "declared",
      tracingBackend: "existing",
      tracingUrl: "http://collector.telemetry.svc.cluster.local:4317",
      proxyScopeHosts: ["shop/*"],
      services,
    });
    const common = ["istio-system/*", "*/collector.telemetry.svc.cluster.local", "shop/*"];
    const rateLimit = "rate-limit/ratelimit.rate-limit.svc.cluster.local";
    assert.deepEqual(a, [...common, "demo/a.demo.svc.cluster.local", rateLimit]);
    assert.deepEqual(b, [...common, "demo/b.demo.svc.cluster.local"]);
  });

  it("lets who calls the gateway know its namespace, where it is not istiod's", () => {
    const { scopes } = scopesOf({ proxyScope: "declared" });
    assert.deepEqual(scopes?.ofGateway, ["istio-ingress/*"]);
    const { scopes: shared } = scopesOf({ proxyScope: "declared", articleNames: "true" });
    assert.deepEqual(shared?.ofGateway, []);
  });

  it("adds the external authorizer for who asks it", () => {
    const authz = "authz.auth.svc.cluster.local";
    const services = [{ name: "a", extAuthz: { url: `http://${authz}:9000` } }, { name: "b" }];
    const { a, b } = known({ proxyScope: "declared", tracingBackend: "none", services });
    assert.equal(a?.at(-1), `*/${authz}`);
    assert.ok(!b?.includes(`*/${authz}`));
  });

  it("knows the hosts outside that config registers, each once", () => {
    const api = { host: "api.example.com", port: 443, protocol: "HTTPS" };
    const externalHosts = [api, { ...api, port: 80, protocol: "HTTP" }, { ...api, host: "*.example.org" }];
    const { a } = known({ proxyScope: "declared", tracingBackend: "none", services: [{ name: "a" }], externalHosts });
    assert.deepEqual(a, [
      "istio-system/*",
      "demo/api.example.com",
      "demo/*.example.org",
      "demo/a.demo.svc.cluster.local",
    ]);
  });
});
