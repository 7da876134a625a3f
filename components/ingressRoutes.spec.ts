import assert from "node:assert/strict";
import fc from "fast-check";
import { declare, errorOf } from "../test/support/declare";
import type { IngressRoutesArgs } from "./ingressRoutes";
import { gatewayServers, IngressRoutes, longestPathFirst, matchPathSegment } from "./ingressRoutes";

const args: IngressRoutesArgs = {
  namespace: "demo",
  routes: [
    { path: "/user", service: "user-service", port: 8080 },
    { path: "/user/admin", service: "admin-service", port: 9090 },
  ],
};

/** What Envoy would do with the alternatives of a match. */
function matches(path: string, request: string): boolean {
  return matchPathSegment(path).some(({ uri }) =>
    uri?.exact !== undefined ? request === uri.exact : request.startsWith(uri?.prefix ?? "\0"),
  );
}

describe("IngressRoutes", () => {
  it("declares demo-gateway for the ingress gateway's pods and demo-vs bound to it", async () => {
    const { one } = await declare(() => new IngressRoutes("demo", args));
    const gateway = one("Gateway", "demo-gateway").inputs;
    assert.equal(gateway.apiVersion, "networking.istio.io/v1");
    assert.deepEqual(gateway.spec, {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    });
    const { spec } = one("VirtualService", "demo-vs").inputs;
    assert.deepEqual(spec.gateways, ["demo/demo-gateway"]);
    assert.deepEqual(spec.hosts, ["*"]);
  });

  it("asks the longest path first, whatever the order of config", async () => {
    const { one } = await declare(() => new IngressRoutes("demo", args));
    const { http } = one("VirtualService").inputs.spec;
    assert.deepEqual(
      http.map((route: { route: [{ destination: unknown }] }) => route.route[0].destination),
      [
        { host: "admin-service", port: { number: 9090 } },
        { host: "user-service", port: { number: 8080 } },
      ],
    );
  });

  it("matches the segment, not the letters", () => {
    assert.ok(matches("/user", "/user"));
    assert.ok(matches("/user", "/user/7"));
    assert.ok(matches("/user", "/user/"));
    assert.ok(!matches("/user", "/users"));
    assert.ok(!matches("/user", "/users/7"));
    assert.ok(matches("/", "/anything"));
  });

  it("never lets one path take another's requests (property)", () => {
    const segment = fc.stringMatching(/^[a-z]{1,3}$/);
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join("/")}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 6 }), path, (paths, request) => {
        const taken = longestPathFirst(paths.map((p) => ({ path: p }))).find((route) => matches(route.path, request));
        const expected = paths
          .filter((p) => request === p || request.startsWith(`${p}/`))
          .sort((a, b) => b.length - a.length)[0];
        assert.equal(taken?.path, expected);
      }),
    );
  });

  it("serves HTTPS and redirects HTTP when there is a secret", () => {
    assert.deepEqual(gatewayServers(["a.example"], "cert"), [
      { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["a.example"], tls: { httpsRedirect: true } },
      {
        port: { number: 443, name: "https", protocol: "HTTPS" },
        hosts: ["a.example"],
        tls: { mode: "SIMPLE", credentialName: "cert", minProtocolVersion: "TLSV1_2" },
      },
    ]);
  });

  it("names every mistake at once", async () => {
    const routes = [
      { path: "user", service: "a", port: 0 },
      { path: "/b/", service: "b", port: 80 },
      { path: "/c", service: "c", port: 80 },
      { path: "/c", service: "d", port: 80 },
    ];
    const message = await errorOf(() => new IngressRoutes("demo", { ...args, routes }));
    for (const part of [
      'routes[0].path is "user"',
      "routes[0].port is 0",
      'routes[1].path is "/b/"',
      'routes[3].path is "/c"',
    ]) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
    assert.match(await errorOf(() => new IngressRoutes("demo", { ...args, routes: [] })), /at least one route/);
  });
});
