import assert from "node:assert/strict";
import type { Change } from "./changes";
import { reviewPoints } from "./reviewPoints";

function change(op: Change["op"], type: string, more: Partial<Change> = {}): Change {
  const title = `${type.split(":").at(-1)} demo/x`;
  return { op, type: `kubernetes:${type}`, title, fields: [], forcing: [], ...more };
}
const field = (path: string) => ({ fields: [{ path, before: 1, after: 2 }] });

const peer = (mode: string) => ({ spec: { mtls: { mode } } });
const route = (prefix: string, host: string) => ({ match: [{ uri: { prefix } }], route: [{ destination: { host } }] });
const virtual = (...http: object[]) => ({ spec: { gateways: ["demo-gateway"], http } });
const client = (mode: string) => ({ spec: { trafficPolicy: { tls: { mode } } } });
const allow = (principal: string) => ({
  spec: { action: "ALLOW", rules: [{ from: [{ source: { principals: [principal] } }] }] },
});

describe("reviewPoints", () => {
  const cases: [string, Change, RegExp][] = [
    ...(["DENY", "CUSTOM"] as const).map((action): [string, Change, RegExp] => [
      `a policy with the action ${action}`,
      change("create", "s:AuthorizationPolicy", { after: { spec: { action, rules: [{}] } } }),
      { DENY: /it denies what its rules say/, CUSTOM: /it asks an external authorizer about what its rules say/ }[
        action
      ],
    ]),
    [
      "a Deployment that is replaced",
      change("replace", "apps/v1:Deployment", { forcing: ["spec.selector"] }),
      /^Deployment demo\/x is replaced, because spec\.selector cannot be changed in place/,
    ],
    ["a StatefulSet that is deleted", change("delete", "apps/v1:StatefulSet"), /is deleted, and its pods with it/],
    ["a namespace that is deleted", change("delete", "core/v1:Namespace"), /^Namespace demo\/x is deleted/],
    [
      "mutual TLS that is no longer strict",
      change("update", "s:PeerAuthentication", { before: peer("STRICT"), after: peer("PERMISSIVE") }),
      /weakened: .* goes from STRICT to PERMISSIVE/,
    ],
    [
      "mutual TLS that is no longer declared",
      change("delete", "s:PeerAuthentication", { before: peer("STRICT") }),
      /weakened: .* is deleted/,
    ],
    [
      "a client without mutual TLS",
      change("update", "n:DestinationRule", { before: client("ISTIO_MUTUAL"), after: client("DISABLE") }),
      /TLS mode to DISABLE/,
    ],
    [
      "a service that a route opens, and one that it no longer leads to",
      change("update", "n:VirtualService", {
        before: virtual(route("/a/", "a"), route("/b", "b")),
        after: virtual(route("/a", "a"), route("/c", "c")),
      }),
      /opens at the gateway: `\/c` to `c`\.\n.*no longer leads from the gateway: `\/b` to `b`\.$/,
    ],
    [
      "a client whose requests left without mutual TLS in another way, or that is new",
      change("create", "n:DestinationRule", { after: client("SIMPLE") }),
      /TLS mode to SIMPLE: its requests leave without mutual TLS/,
    ],
    [
      "a service that leaves the gateway",
      change("update", "n:VirtualService", { before: virtual(route("/", "a")), after: { spec: { http: [{}] } } }),
      /^VirtualService demo\/x no longer leads from the gateway: `\/` to `a`\.$/,
    ],
    [
      "a route without a match, which takes every path",
      change("create", "n:VirtualService", { after: virtual({ route: [{ destination: { host: "a" } }] }) }),
      /opens at the gateway: `\/` to `a`\.$/,
    ],
    [
      "a policy whose rules change",
      change("update", "s:AuthorizationPolicy", { ...field("spec.rules[0]"), after: allow("cluster.local/ns/a/sa/b") }),
      /changes: it allows `cluster\.local\/ns\/a\/sa\/b`\.$/,
    ],
    [
      "a chart that is deleted",
      change("delete", "helm.sh/v3:Release"),
      /is deleted: every proxy may be configured anew/,
    ],
    [
      "an injection label among others",
      change("update", "core/v1:Namespace", {
        fields: ["metadata.labels.a", "metadata.labels.istio.io/rev"].map((path) => ({
          path,
          before: "1",
          after: "2",
        })),
      }),
      /changes its injection label/,
    ],
    [
      "a service that an HTTPRoute opens",
      change("create", "g:HTTPRoute", {
        after: { spec: { rules: [{ matches: [{ path: { value: "/a" } }], backendRefs: [{ name: "a" }] }] } },
      }),
      /opens at the gateway: `\/a` to `a`\.$/,
    ],
    [
      "a caller that is let in",
      change("create", "s:AuthorizationPolicy", { after: allow("cluster.local/ns/demo/sa/user") }),
      /is new: it allows `cluster\.local\/ns\/demo\/sa\/user`/,
    ],
    ["access that is no longer limited", change("delete", "s:AuthorizationPolicy"), /what it forbade is allowed/],
    ["a chart that changes", change("update", "helm.sh/v3:Release", field("version")), /changes \(version\)/],
    [
      "an injection label",
      change("update", "core/v1:Namespace", field("metadata.labels.istio-injection")),
      /changes its injection label/,
    ],
  ];
  for (const [title, one, expected] of cases) {
    it(`name ${title}`, () => assert.match(reviewPoints([one]).join("\n"), expected));
  }

  const harmless: [string, Change][] = [
    ["more replicas", change("update", "apps/v1:Deployment", field("spec.replicas"))],
    ["a new Deployment", change("create", "apps/v1:Deployment")],
    ["stricter TLS", change("update", "s:PeerAuthentication", { before: peer("PERMISSIVE"), after: peer("STRICT") })],
    [
      "a client's TLS that stays, comes back to Istio's, or is left to it",
      change("update", "n:DestinationRule", { before: client("DISABLE"), after: client("DISABLE") }),
    ],
    [
      "Istio's TLS",
      change("update", "n:DestinationRule", { before: client("DISABLE"), after: client("ISTIO_MUTUAL") }),
    ],
    ["TLS left to Istio", change("update", "n:DestinationRule", { before: client("DISABLE"), after: { spec: {} } })],
    ["mutual TLS that goes", change("delete", "n:DestinationRule", { before: client("ISTIO_MUTUAL") })],
    ["a new, permissive namespace", change("create", "s:PeerAuthentication", { after: peer("PERMISSIVE") })],
    [
      "strict TLS that stays",
      change("update", "s:PeerAuthentication", { before: peer("STRICT"), after: peer("STRICT") }),
    ],
    [
      "a policy's label",
      change("update", "s:AuthorizationPolicy", { ...field("metadata.labels.a"), after: allow("p") }),
    ],
    ["a new chart", change("create", "helm.sh/v3:Release", field("version"))],
    ["a label of a namespace", change("update", "core/v1:Namespace", field("metadata.labels.a"))],
    ["a label of pods", change("update", "apps/v1:Deployment", field("spec.template.metadata.labels.istio.io/rev"))],
    ["a ConfigMap that is deleted", change("delete", "core/v1:ConfigMap")],
    ["a Service that changes", change("update", "core/v1:Service", field("spec.ports"))],
    [
      "a route inside the mesh",
      change("create", "n:VirtualService", { after: { spec: { http: [route("/a", "a")] } } }),
    ],
    [
      "a timeout",
      change("update", "n:VirtualService", { before: virtual(route("/a", "a")), after: virtual(route("/a", "a")) }),
    ],
  ];
  for (const [title, one] of harmless) {
    it(`leave out ${title}`, () => assert.deepEqual(reviewPoints([one]), []));
  }

  it("begin with what is worst", () => {
    const points = reviewPoints([
      change("create", "s:AuthorizationPolicy", { after: allow("p") }),
      change("delete", "s:PeerAuthentication", { before: peer("STRICT") }),
      change("replace", "apps/v1:Deployment", { forcing: ["spec.selector"] }),
    ]);
    assert.deepEqual(
      points.map((point) => point.split(" ")[0]),
      ["Deployment", "Mutual", "AuthorizationPolicy"],
    );
  });
});
