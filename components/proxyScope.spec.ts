import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { declare, errorOf } from "../test/support/declare";
import { declareProxyScope, isKnownHost, knownHost } from "./proxyScope";

const own = knownHost("demo", "user-service");

/** A component for the scopes to belong to. */
const parent = () => ({ parent: new pulumi.ComponentResource("test:index:Parent", "parent") });

describe("a proxy's scope", () => {
  it("scopes a workload's proxies, and the rest of the namespace with a default", async () => {
    const { one } = await declare(() => {
      const opts = parent();
      declareProxyScope("user", { namespace: "demo", app: "user-service", hosts: ["istio-system/*", own] }, opts);
      declareProxyScope("rest", { namespace: "demo", hosts: ["./*"] }, opts);
    });
    const { apiVersion, spec } = one("Sidecar", "user-service").inputs;
    assert.equal(apiVersion, "networking.istio.io/v1");
    assert.deepEqual(spec, {
      workloadSelector: { labels: { app: "user-service" } },
      egress: [{ hosts: ["istio-system/*", "demo/user-service.demo.svc.cluster.local"] }],
    });
    assert.deepEqual(one("Sidecar", "default").inputs.spec, { egress: [{ hosts: ["./*"] }] });
  });

  it("refuses what no Sidecar takes", async () => {
    const message = await errorOf(() =>
      declareProxyScope("a", { namespace: "demo", app: "A", hosts: ["cart"] }, parent()),
    );
    assert.match(message, /app is "A": .*; hosts\[0\] is "cart": use NAMESPACE\/HOST/);
    assert.match(
      await errorOf(() => declareProxyScope("a", { namespace: "demo", hosts: [] }, parent())),
      /hosts is \[\]/,
    );
  });

  it("knows a host when it sees one", () => {
    for (const host of ["./*", "*/*", "*/api.example.com", "shop/*.shop.svc.cluster.local", own]) {
      assert.ok(isKnownHost(host), host);
    }
    for (const host of ["*", "shop", "Shop/*", "shop/a.*.com", "shop/cart:80", "shop/http://a", "/a", "a/b/c", "~/*"]) {
      assert.ok(!isKnownHost(host), host);
    }
  });
});
