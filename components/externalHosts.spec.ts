import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { entryName, ExternalHosts, isExternalHost, serviceEntries } from "./externalHosts";

const api = { host: "api.example.com", port: 443, protocol: "HTTPS" } as const;

describe("ExternalHosts", () => {
  it("declares each host once, with all its ports, outside of the mesh", async () => {
    const { one, all } = await declare(
      () => new ExternalHosts("external", { namespace: "demo", hosts: [api, { ...api, port: 80, protocol: "HTTP" }] }),
    );
    assert.equal(all("ServiceEntry").length, 1);
    const { apiVersion, metadata, spec } = one("ServiceEntry", "host-api.example.com").inputs;
    assert.equal(apiVersion, "networking.istio.io/v1");
    assert.equal(metadata.namespace, "demo");
    assert.deepEqual(spec, {
      hosts: ["api.example.com"],
      ports: [
        { number: 443, name: "https-443", protocol: "HTTPS" },
        { number: 80, name: "http-80", protocol: "HTTP" },
      ],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
    });
  });

  it("finds a host by its addresses, by DNS, or, of all names below one, where the caller goes", () => {
    const db = { host: "db.example.com", port: 5432, protocol: "TCP", addresses: ["10.0.0.5", "10.0.0.6"] } as const;
    const [fixed, named, wild] = serviceEntries([db, api, { ...api, host: "*.example.org" }]);
    assert.deepEqual(
      [fixed?.resolution, fixed?.addresses, fixed?.endpoints],
      ["STATIC", ["10.0.0.5", "10.0.0.6"], [{ address: "10.0.0.5" }, { address: "10.0.0.6" }]],
    );
    assert.deepEqual([named?.resolution, named?.endpoints], ["DNS", undefined]);
    assert.equal(wild?.resolution, "NONE");
  });

  it("gives no two hosts the same name", () => {
    assert.notEqual(entryName("*.example.com"), entryName("below-example.com"));
    assert.notEqual(entryName("*.example.com"), entryName("example.com"));
  });

  it("knows a host when it sees one", () => {
    for (const host of ["api.example.com", "*.example.com", "a-b.c1", "10-0-0-1.demo.pod.cluster.local"]) {
      assert.ok(isExternalHost(host), host);
    }
    const long = `${"a.".repeat(120)}com`;
    for (const host of ["*", "api", "API.example.com", "10.0.0.1", "*.*.com", "a.*.com", "a..com", "a.com:443", long]) {
      assert.ok(!isExternalHost(host), host);
    }
  });

  it("names every mistake before it declares anything", async () => {
    const hosts = [
      { host: "api", port: 0, protocol: "TCP" },
      { host: "db.example.com", port: 5432, protocol: "TCP", addresses: ["db"] },
      { host: "db.example.com", port: 5432, protocol: "TCP", addresses: ["10.0.0.5"] },
    ] as const;
    const message = await errorOf(() => new ExternalHosts("external", { namespace: "demo", hosts }));
    assert.match(message, /hosts\[0\].host is "api".*hosts\[0\].port is 0.*hosts\[0\].addresses is missing: TCP/);
    assert.match(message, /hosts\[1\].addresses\[0\] is "db": use an IP address; hosts\[2\] is "db.example.com:5432"/);
    assert.match(await errorOf(() => new ExternalHosts("external", { namespace: "demo", hosts: [] })), /hosts is \[\]/);
  });
});
