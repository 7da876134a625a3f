import assert from "node:assert/strict";
import { declaredService } from "../../../test/support/declaredService";
import type { DeclaredMesh, DeclaredService } from "../../../stacks/declared";
import { callersOf } from "../callers";
import type { Outcome } from "../check";
import { breakerDifferences, hostsOfRules, rateLimitDifferences, routeDifferences } from "../envoyConfig";
import { rulesOfHost, rulesOfPath } from "../envoyConfig";
import type { Json } from "../envoyConfig";
import { judgePolicies } from "./trafficPolicy";
import type { View } from "./trafficPolicy";

const causeOf = (outcome: Outcome) => (outcome.verdict === "fail" ? outcome.cause : outcome.verdict);
const service = declaredService("user", {
  path: "/user",
  timeout: "15s",
  retries: { attempts: 2, perTryTimeout: "500ms" },
});

describe("traffic-policy", () => {
  const routes = (timeout: string, retry_policy?: object) => [
    {
      route_config: {
        virtual_hosts: [
          { routes: [{ match: { path: "/user" }, route: { timeout, ...(retry_policy && { retry_policy }) } }] },
        ],
      },
    },
  ];
  const atGateway = (found: Json, one = service) => routeDifferences(one, rulesOfPath(one.path ?? "", found));
  it("reads the gateway's routes", () => {
    const asDeclared = routes("15s", { num_retries: 2, per_try_timeout: "0.500s" }) as never;
    assert.deepEqual(atGateway(asDeclared), []);
    assert.deepEqual(
      atGateway(routes("3s") as never).map(({ what, envoy }) => `${what} ${envoy}`),
      ["timeout 3s", "retries.attempts 0", "retries.perTryTimeout none"],
    );
    assert.deepEqual(atGateway(routes("15s") as never, { ...service, retries: { attempts: 0 } }), []);
    assert.equal(atGateway([])[0]?.what, "route");
    // The path of everything is the one that is matched as a prefix.
    const root = { match: { prefix: "/" }, route: { timeout: "15s" } };
    assert.deepEqual(atGateway([{ routes: [root] }], { ...service, path: "/", retries: { attempts: 0 } }), []);
  });
  it("reads a sidecar's routes, every rule of the host's", () => {
    const rule = (timeout: string) => ({ match: { prefix: "/" }, route: { timeout } });
    const virtualHosts = (...rules: Json[]) => [
      { name: "other.demo:8080", domains: ["other"], routes: [rule("1s")] },
      { name: "user.demo:8080", domains: ["user", "user.demo"], routes: rules },
    ];
    const once = { ...service, retries: { attempts: 0 } };
    const seen = (...rules: Json[]) => routeDifferences(once, rulesOfHost("user.demo", 8080, virtualHosts(...rules)));
    assert.deepEqual(seen(rule("15s")), []);
    assert.deepEqual(
      seen(rule("15s"), rule("2s"), rule("2s")).map(({ what, envoy }) => `${what} ${envoy}`),
      ["timeout 2s"],
    );
    assert.equal(seen()[0]?.what, "route");
  });
  it("reads Envoy's clusters and listeners", () => {
    const declared = {
      ...service,
      circuitBreaker: { maxConnections: 10, consecutive5xx: 5, interval: "10s" },
      rateLimit: { tokens: 60, fillInterval: "10s" },
    };
    const cluster = {
      name: "outbound|8080||user.demo",
      circuit_breakers: { thresholds: [{ max_connections: 10 }] },
      outlier_detection: { consecutive_5xx: 5, interval: "10s" },
    };
    assert.deepEqual(breakerDifferences(declared, [{ cluster }] as never, "user.demo"), []);
    assert.equal(breakerDifferences(declared, [], "user.demo").length, 3);
    const limit = {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
      token_bucket: { max_tokens: 60, tokens_per_fill: 60, fill_interval: "10s" },
    };
    assert.deepEqual(rateLimitDifferences(declared, [{ typed_config: limit }] as never), []);
    assert.equal(rateLimitDifferences(declared, []).length, 3);
    const global = { ...service, globalRateLimit: { requests: 9, unit: "minute", failOpen: false } as const };
    const filter = {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
      failure_mode_deny: true,
    };
    assert.deepEqual(rateLimitDifferences(global, [{ typed_config: filter }] as never), []);
    assert.equal(
      rateLimitDifferences(global, [{ typed_config: { ...filter, failure_mode_deny: false } }] as never).length,
      1,
    );
    assert.equal(rateLimitDifferences(global, []).length, 1);
  });
  it("finds an HTTPRoute's rules, and the hosts of versions that they lead to", () => {
    const weighted = { clusters: ["v1", "v2"].map((version) => ({ name: `outbound|8080||user-${version}.demo` })) };
    const match = { path_separated_prefix: "/user" };
    const rules = rulesOfPath("/user", [
      { match, route: { weighted_clusters: weighted } },
      { match, route: { cluster: "outbound|8080|v3|user.demo" } },
    ]);
    assert.equal(rules.length, 2);
    assert.deepEqual(hostsOfRules(rules), ["user-v1.demo", "user-v2.demo", "user.demo"]);
  });
  const about = { mesh: "demo", gateway: { routes: "demo" }, kubectl: "k" };
  const timeoutOff = { what: "timeout", declared: "15s", envoy: "3s" };
  it("names the object that says otherwise, by whose Envoy has it", () => {
    const causeAt = (of: View["of"], what: string) =>
      causeOf(
        judgePolicies(
          [{ service, views: [{ of, pod: "demo/x", differences: [{ what, declared: "15s", envoy: "3s" }] }] }],
          about,
        ),
      );
    assert.match(
      causeAt("gateway", "timeout"),
      /timeout of user is 3s in Envoy \(demo\/x\).*declared as 15s: VirtualService demo-vs was changed/,
    );
    assert.match(causeAt("sidecar", "timeout"), /VirtualService user was changed/);
    const found = [{ service, views: [{ of: "gateway" as const, pod: "demo/x", differences: [timeoutOff] }] }];
    const gateway = { routes: "demo", api: "gateway" } as const;
    assert.match(causeOf(judgePolicies(found, { ...about, gateway })), /HTTPRoute demo-user was changed/);
    assert.match(causeAt("sidecar", "circuitBreaker.maxRequests"), /DestinationRule user was/);
    assert.match(causeAt("itself", "rateLimit.tokens"), /EnvoyFilter user-rate-limit was/);
  });
  it("reports what was not compared, and never reports it as compared", () => {
    const limited = { ...service, rateLimit: { tokens: 1, fillInterval: "1s" } };
    const own: View = { of: "itself", pod: "demo/user-1", differences: [] };
    const [first, second] = [
      judgePolicies([{ service, views: [] }], about),
      judgePolicies([{ service: limited, views: [own] }], about),
    ];
    assert.equal(first.verdict, "skip");
    assert.equal(first.evidence, "user: timeout 15s, 2 retries not compared: it has no declared caller");
    assert.equal(second.verdict, "pass");
    assert.equal(
      second.evidence,
      "user: rate limit at demo/user-1, timeout 15s, 2 retries not compared: it has no declared caller",
    );
  });
  it("asks the Envoy of the gateway, and of a caller with a sidecar, the nearest first", () => {
    const pod = (name: string, namespace: string, account: string, containers: string[]) => ({
      metadata: { name, namespace },
      spec: { serviceAccountName: account, containers: containers.map((one) => ({ name: one })) },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    });
    const ingress = pod("gw-1", "istio-ingress", "gateway", ["istio-proxy"]);
    const far = pod("cart-1", "shop", "cart", ["cart", "istio-proxy"]);
    const near = pod("web-1", "demo", "web", ["web", "istio-proxy"]);
    const bare = pod("bare-1", "demo", "bare", ["bare"]);
    const pods = new Map([
      ["istio-ingress", [ingress]],
      ["shop", [far]],
      ["demo", [bare, near]],
    ]);
    const declared = {
      namespaces: { mesh: "demo", gateway: "istio-ingress" },
      gateway: { name: "gateway" },
    } as DeclaredMesh;
    const identity = (namespace: string, serviceAccount: string) => ({ namespace, serviceAccount });
    const asked = (...callers: DeclaredService["callers"]) =>
      callersOf({ callers }, { declared, pods }).map((caller) => `${caller.kind} ${caller.pod.metadata?.name}`);
    const gateway = identity("istio-ingress", "gateway");
    assert.deepEqual(asked(gateway, identity("shop", "cart"), identity("demo", "web")), [
      "gateway gw-1",
      "sidecar web-1",
    ]);
    assert.deepEqual(asked(identity("shop", "cart")), ["sidecar cart-1"]);
    assert.deepEqual(asked(identity("demo", "bare"), identity("elsewhere", "x")), []);
  });
});
