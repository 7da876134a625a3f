import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { declare, errorOf } from "../../test/support/declare";
import { milliseconds } from "../durations";
import { gatewayApiChart } from "../helmChart";
import type { IngressRoute, IngressRoutesArgs } from "../ingressRoutes";
import { httpRouteName, IngressRoutes } from "../ingressRoutes";
import { beyondHttpRoute, gatewayDuration } from "./routeRules";

const user: IngressRoute = { path: "/user", service: "user-service", port: 8080 };

const routes = (route: Partial<IngressRoute>, more: Partial<IngressRoutesArgs> = {}) =>
  new IngressRoutes("demo", { namespace: "demo", api: "gateway", routes: [{ ...user, ...route }], ...more });

async function rulesOf(route: Partial<IngressRoute>) {
  const { one } = await declare(() => routes(route));
  return one("HTTPRoute").inputs.spec.rules;
}

const allowedFrom = (...values: string[]) => {
  const selector = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] };
  return { namespaces: { from: "Selector", selector } };
};

describe("IngressRoutes in the Gateway API", () => {
  it("declares a Gateway for the pods of the gateway's Service, beside it, open to the namespace's routes", async () => {
    const { one, all } = await declare(() => routes({}, { gatewayNamespace: "edge", gatewayService: "entry" }));
    const { apiVersion, metadata, spec } = one("Gateway", "demo-gateway").inputs;
    assert.equal(apiVersion, "gateway.networking.k8s.io/v1");
    assert.equal(metadata.namespace, "edge");
    const allowedRoutes = allowedFrom("demo");
    assert.deepEqual(spec, {
      gatewayClassName: "istio",
      addresses: [{ type: "Hostname", value: "entry" }],
      listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes }],
    });
    assert.deepEqual(all("VirtualService"), []);
    const route = one("HTTPRoute", "demo-user").inputs;
    assert.equal(route.metadata.namespace, "demo");
    assert.deepEqual(route.spec, {
      parentRefs: [{ name: "demo-gateway", namespace: "edge", port: 80 }],
      rules: [
        {
          name: "demo-user",
          matches: [{ path: { type: "PathPrefix", value: "/user" } }],
          backendRefs: [{ name: "user-service", port: 8080 }],
        },
      ],
    });
  });

  it("declares a route to a Service of another namespace there: a backendRef names no host", async () => {
    const page: IngressRoute = { path: "/grafana", service: "grafana", serviceNamespace: "tools", port: 3000 };
    const all = [user, { ...user, path: "/more" }, page];
    const { one } = await declare(() => routes({}, { routes: all }));
    const { metadata, spec } = one("HTTPRoute", "demo-grafana").inputs;
    assert.equal(metadata.namespace, "tools");
    assert.deepEqual(spec.rules[0].backendRefs, [{ name: "grafana", port: 3000 }]);
    assert.deepEqual(one("Gateway").inputs.spec.listeners[0].allowedRoutes, allowedFrom("demo", "tools"));

    const istio = await declare(() => routes({}, { api: "istio", routes: all }));
    const [rule] = istio.one("VirtualService").inputs.spec.http;
    assert.equal(rule.route[0].destination.host, "grafana.tools.svc.cluster.local");
  });

  it("serves HTTPS for each host, and redirects HTTP to its port", async () => {
    const hosts = ["a.example", "*.b.example"];
    const { one } = await declare(() => routes({}, { hosts, tlsSecret: "cert", httpsPort: 8443 }));
    const { listeners } = one("Gateway").inputs.spec as { listeners: Record<string, unknown>[] };
    assert.deepEqual(
      listeners.map(({ name, port, hostname }) => [name, port, hostname]),
      [
        ["http", 80, "a.example"],
        ["http-2", 80, "*.b.example"],
        ["https", 443, "a.example"],
        ["https-2", 443, "*.b.example"],
      ],
    );
    assert.deepEqual(listeners[2]!.tls, { mode: "Terminate", certificateRefs: [{ name: "cert" }] });
    const route = one("HTTPRoute", "demo-user").inputs.spec;
    assert.deepEqual([route.parentRefs[0].port, route.hostnames], [443, hosts]);
    const redirect = one("HTTPRoute", "demo-https.redirect").inputs.spec;
    assert.equal(redirect.parentRefs[0].port, 80);
    assert.deepEqual(redirect.rules, [
      {
        filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", port: 8443, statusCode: 301 } }],
      },
    ]);
  });

  it("names no port in the redirect to the usual one", async () => {
    const { one } = await declare(() => routes({}, { tlsSecret: "cert" }));
    const [rule] = one("HTTPRoute", "demo-https.redirect").inputs.spec.rules;
    assert.deepEqual(rule.filters[0].requestRedirect, { scheme: "https", statusCode: 301 });
  });

  it("leads to a Service of each version by weight, with canary and mirror", async () => {
    const [canary, rule] = await rulesOf({
      versions: [
        { version: "v1", weight: 90 },
        { version: "v2", weight: 10 },
        { version: "v3", weight: 0 },
      ],
      canary: { header: "X-Try", version: "v2" },
      mirror: { version: "v3", percent: 0.5 },
    });
    const port = 8080;
    assert.deepEqual(rule.backendRefs, [
      { name: "user-service-v1", port, weight: 90 },
      { name: "user-service-v2", port, weight: 10 },
    ]);
    assert.deepEqual(canary.backendRefs, [{ name: "user-service-v2", port }]);
    assert.deepEqual(canary.matches[0].headers, [{ type: "RegularExpression", name: "X-Try", value: ".*" }]);
    const mirrored = { backendRef: { name: "user-service-v3", port }, fraction: { numerator: 5000, denominator: 1e6 } };
    assert.deepEqual(rule.filters, [{ type: "RequestMirror", requestMirror: mirrored }]);
  });

  it("repeats timeouts and retries, and leaves out what Istio does by itself", async () => {
    const [usual] = await rulesOf({ timeout: "15s", retries: { attempts: 2 } });
    assert.deepEqual([usual.timeouts, usual.retry], [{ request: "15s" }, undefined]);
    const retryOn = "connect-failure,refused-stream,unavailable,cancelled,503";
    const [all] = await rulesOf({ timeout: "1.5s", retries: { attempts: 3, perTryTimeout: "0.5s", retryOn } });
    assert.deepEqual(all.timeouts, { request: "1s500ms", backendRequest: "500ms" });
    assert.deepEqual(all.retry, { attempts: 3, codes: [503] });
  });

  it("refuses what an HTTPRoute cannot express, with the way out", async () => {
    const refused = async (route: Partial<IngressRoute>) => String(await errorOf(() => routes(route)));
    assert.match(
      await refused({ fault: { abort: { percent: 1, status: 500 } } }),
      /routes\[0\]\.fault.*injects no faults/s,
    );
    assert.match(
      await refused({ retries: { attempts: 0 } }),
      /retries\.attempts.*use 1 or more, or use the api istio/s,
    );
    assert.match(await refused({ retries: { attempts: 1, retryOn: "503" } }), /retries\.retryOn.*connect-failure/s);
    assert.deepEqual(beyondHttpRoute({ timeout: "1s", retries: { attempts: 1 } }), []);
  });

  it("names routes so that no two paths have one name", () => {
    assert.equal(httpRouteName("demo", "/user"), "demo-user");
    const names = ["/", "/a/b", "/a-b", "/A-b", "/a_b", `/${"x".repeat(60)}`].map((path) =>
      httpRouteName("demo", path),
    );
    assert.equal(new Set(names).size, names.length);
    names.forEach((name) => assert.match(name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/));
  });

  it("writes durations with whole numbers alone", () => {
    for (const text of ["250ms", "1.5s", "1m30s", "24h", "100000ms", "1ms"]) {
      assert.match(gatewayDuration(text), /^([0-9]{1,5}(h|m|s|ms)){1,4}$/);
      assert.equal(milliseconds(gatewayDuration(text)), milliseconds(text));
    }
  });
});

describe("the chart of the Gateway API", () => {
  const chart = (file: string) => readFileSync(join(gatewayApiChart(), file), "utf8");
  const pinned = /sigs\.k8s\.io\/gateway-api (v[\d.]+)/.exec(
    readFileSync("toolchain/binaries/core/go.mod", "utf8"),
  )?.[1];

  it("is of the version that the pinned Istio is built with; npm run schemas fills it", () => {
    assert.ok(pinned);
    assert.match(chart("Chart.yaml"), new RegExp(`^appVersion: ${pinned}$`, "m"));
    for (const kind of ["gatewayclasses", "gateways", "httproutes", "referencegrants"]) {
      const { metadata } = JSON.parse(chart(`definitions/${kind}.json`)) as {
        metadata: { name: string; annotations: Record<string, string> };
      };
      assert.equal(metadata.name, `${kind}.gateway.networking.k8s.io`);
      assert.equal(metadata.annotations["gateway.networking.k8s.io/bundle-version"], pinned);
      assert.equal(metadata.annotations["gateway.networking.k8s.io/channel"], "experimental");
    }
  });
});
