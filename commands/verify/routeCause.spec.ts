import assert from "node:assert/strict";
import type { LiveObject } from "../../cluster/kubeClient";
import type { DeclaredMesh } from "../../stacks/declared";
import type { Answer } from "../shared/httpClient";
import { routeCause } from "./routeCause";
import type { RouteFacts } from "./routeFacts";

const service = { name: "user", port: 8080, path: "/user", texts: ["Hello"], deployments: ["user"], callers: [] };
const declared = {
  namespaces: { mesh: "demo", gateway: "istio-ingress" },
  gateway: { name: "gateway", routes: "demo" },
  services: [service],
} as unknown as DeclaredMesh;

const object = (name: string, spec: object, more: object = {}): LiveObject =>
  ({ metadata: { name, namespace: "demo" }, spec, ...more }) as LiveObject;

const rule = { match: [{ uri: { exact: "/user" } }], route: [{ destination: { host: "user" } }] };
const pod = {
  metadata: { name: "user-1", namespace: "demo", labels: { app: "user" } },
  spec: { containers: [{ name: "user", ports: [{ name: "http", containerPort: 8080 }] }] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
} as unknown as LiveObject;

/** A cluster in which all is well. */
const sound: RouteFacts = {
  gateways: [object("demo-gateway", {})],
  httpRoutes: [],
  virtualServices: [object("demo-vs", { http: [rule] })],
  destinationRules: [],
  authorizationPolicies: [object("allow-user", { selector: { matchLabels: { app: "user" } } })],
  envoyFilters: [],
  services: [object("user", { selector: { app: "user" }, ports: [{ port: 8080, targetPort: "http" }] })],
  pods: [pod],
  gatewayService: object("gateway", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }),
};

function causeOf(answer: Partial<Answer>, facts: Partial<RouteFacts>, gatewayUrl = "http://10.0.0.1:30080"): string {
  return routeCause({
    service,
    declared,
    gatewayUrl,
    answer: { status: 0, body: "", headers: {}, ms: 1, ...answer },
    facts: { ...sound, ...facts },
    kubectl: "kubectl",
  }).cause;
}

const ownAnswer = { "x-envoy-upstream-service-time": "1" };
const userService = (spec: object) => [object("user", { selector: { app: "user" }, ...spec })];

describe("routeCause", () => {
  const cases: [string, Partial<Answer>, Partial<RouteFacts>, RegExp][] = [
    ["a Gateway that is gone", { error: "ECONNRESET" }, { gateways: [] }, /^Gateway demo\/demo-gateway is gone/],
    [
      "a node port that is another one",
      { error: "ECONNREFUSED" },
      { gatewayService: object("gateway", { type: "NodePort", ports: [{ port: 80, nodePort: 31111 }] }) },
      /has no node port 30080.*it has 31111/,
    ],
    ["no way to the gateway", { error: "ECONNREFUSED" }, {}, /nothing on this machine leads to the gateway/],
    ["a certificate for others", { error: "ERR_TLS_CERT_ALTNAME_INVALID" }, {}, /certificate is not trusted here/],
    [
      "a VirtualService that is gone",
      { status: 404 },
      { virtualServices: [] },
      /^VirtualService demo\/demo-vs is gone/,
    ],
    [
      "a rule that is gone",
      { status: 404 },
      { virtualServices: [object("demo-vs", { http: [] })] },
      /has no rule for \/user/,
    ],
    ["a route that no Gateway serves", { status: 404 }, {}, /its hosts or gateways do not fit the Gateway/],
    [
      "a policy that is gone",
      { status: 403, body: "RBAC: access denied" },
      { authorizationPolicies: [] },
      /demo\/allow-user is gone/,
    ],
    ["a policy that names others", { status: 403, body: "RBAC: access denied" }, {}, /does not let the gateway in/],
    [
      "a policy that denies",
      { status: 403, body: "RBAC: access denied" },
      { authorizationPolicies: [object("deny-all", { action: "DENY" })] },
      /demo\/deny-all denies the request/,
    ],
    [
      "a policy that denies what lacks a token, at another service",
      { status: 403, body: "RBAC: access denied" },
      {
        authorizationPolicies: [
          object("require-token-x", { action: "DENY", selector: { matchLabels: { app: "x" } } }),
          object("ext-authz-user", { action: "CUSTOM", selector: { matchLabels: { app: "user" } } }),
        ],
      },
      /demo\/allow-user is gone/,
    ],
    [
      "an injected fault",
      { status: 418 },
      { virtualServices: [object("demo-vs", { http: [{ ...rule, fault: { abort: { httpStatus: 418 } } }] })] },
      /injected fault that is not declared/,
    ],
    ["a rate limit", { status: 429 }, { envoyFilters: [object("tight", {})] }, /rate limit answers.*tight/],
    ["a Service that is gone", { status: 503 }, { services: [] }, /^Service demo\/user is gone/],
    [
      "a selector that fits nothing",
      { status: 503 },
      { pods: [] },
      /selector of Service demo\/user \(app=user\) fits no pod/,
    ],
    ["a port that is gone", { status: 503 }, { services: userService({ ports: [{ port: 80 }] }) }, /has no port 8080/],
    [
      "a wrong target port",
      { status: 503 },
      { services: userService({ ports: [{ port: 8080, targetPort: 9999 }] }) },
      /leads to the target port 9999, at which no container/,
    ],
    [
      "pods that are not ready",
      { status: 503 },
      { pods: [{ ...pod, status: { phase: "Running" } }] },
      /no pod of Service demo\/user is ready/,
    ],
    [
      "a rule that speaks plain text",
      { status: 503 },
      { destinationRules: [object("plain", { host: "user", trafficPolicy: { tls: { mode: "DISABLE" } } })] },
      /DestinationRule demo\/plain makes callers speak TLS mode DISABLE/,
    ],
    [
      "a subset without a definition",
      { status: 503 },
      {
        virtualServices: [
          object("demo-vs", { http: [{ ...rule, route: [{ destination: { host: "user", subset: "v9" } }] }] }),
        ],
      },
      /names the subset v9, which no DestinationRule defines/,
    ],
    [
      "what Envoy says itself",
      { status: 503, body: "upstream connect error" },
      {},
      /does not get through to user: upstream/,
    ],
    ["a timeout", { status: 504, body: "upstream request timeout" }, {}, /did not answer within the route's timeout/],
    ["another text", { status: 200, body: "Bye", headers: ownAnswer }, {}, /^another text than user was declared with/],
    ["a service's own failure", { status: 500, headers: ownAnswer }, {}, /user answers by itself with 500/],
  ];
  for (const [title, answer, facts, expected] of cases) {
    it(`names ${title}`, () => assert.match(causeOf(answer, facts), expected));
  }

  describe("of routes of the Gateway API", () => {
    const inGatewayApi = { ...declared, gateway: { ...declared.gateway, api: "gateway" as const } };
    const condition = (type: string, status: string) => ({ type, status, reason: "Why", message: "said so" });
    const gateway = object("demo-gateway", {}, { status: { conditions: [condition("Programmed", "True")] } });
    const httpRoute = (status: string) =>
      object("demo-user", {}, { status: { parents: [{ conditions: [condition("ResolvedRefs", status)] }] } });
    const off = object("demo-gateway", {}, { status: { conditions: [condition("Programmed", "False")] } });
    const all: [string, number, Partial<RouteFacts>, RegExp][] = [
      ["a route that is gone", 404, { httpRoutes: [] }, /^HTTPRoute demo\/demo-user is gone/],
      ["a Gateway that is gone", 404, { gateways: [] }, /^Gateway istio-ingress\/demo-gateway is gone, so no route/],
      [
        "a Gateway that is gone, for HTTPS",
        0,
        { gateways: [] },
        /^Gateway istio-ingress\/demo-gateway is gone, so the/,
      ],
      [
        "a route that istiod cannot follow",
        500,
        { httpRoutes: [httpRoute("False")] },
        /^HTTPRoute demo\/demo-user is not ResolvedRefs: Why: said so/,
      ],
      ["a Gateway that is not served", 404, { gateways: [off] }, /demo-gateway is not Programmed: Why: said so/],
      ["a route that no listener takes", 404, {}, /demo-user has the path \/user, but the gateway does not serve it/],
      ["a Service that is gone", 503, { services: [] }, /Service demo\/user is gone/],
    ];
    for (const [title, status, facts, expected] of all) {
      it(`names ${title}`, () => {
        const { cause } = routeCause({
          service,
          declared: inGatewayApi,
          gatewayUrl: "http://10.0.0.1:30080",
          answer: { status, body: "", headers: {}, ms: 1 },
          facts: { ...sound, virtualServices: [], gateways: [gateway], httpRoutes: [httpRoute("True")], ...facts },
          kubectl: "kubectl",
        });
        assert.match(cause, expected);
      });
    }
  });

  it("names what lets a request without a token through", () => {
    const guarded = { ...service, jwt: {} };
    const answer = { status: 200, body: "Hello", headers: ownAnswer, ms: 1 };
    const asked = { declared, gatewayUrl: "http://gw", facts: sound, kubectl: "kubectl", answer };
    assert.match(
      routeCause({ ...asked, service: guarded }).cause,
      /without a token: .* demo\/require-token-user is gone/,
    );
    assert.doesNotMatch(routeCause({ ...asked, service: { ...guarded, jwt: { paths: ["/x"] } } }).cause, /token/);
  });

  it("knows the node port that kind maps to the URL's port", () => {
    const moved = object("gateway", { type: "NodePort", ports: [{ port: 80, nodePort: 31111 }] });
    const answer = { error: "ECONNRESET" };
    assert.match(
      causeOf(answer, { gatewayService: moved }, "http://localhost:8080"),
      /has no node port 30080, .* 31111/,
    );
    assert.match(causeOf(answer, {}, "http://localhost:8080"), /nothing on this machine leads to the gateway/);
  });
});
