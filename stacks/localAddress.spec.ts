import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { isAddressOf, isLoopback } from "./localAddress";

describe("isLoopback", () => {
  for (const host of [
    "localhost",
    "a.localhost",
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "::1",
    "kubernetes.docker.internal",
  ]) {
    it(`${host} is this machine`, () => assert.ok(isLoopback(host)));
  }
  for (const host of ["localhost.example.com", "128.0.0.1", "10.0.0.1", "fd00::1", "", "docker.internal"]) {
    it(`${host || "nothing"} is not`, () => assert.ok(!isLoopback(host)));
  }
});

describe("isAddressOf", () => {
  const own = ["192.0.2.7", "fe80::1"];
  const cases: [Parameters<typeof isAddressOf>[0], string | undefined, boolean][] = [
    ["kind", "127.0.0.1", true],
    ["kind", "localhost", true],
    ["kind", "192.0.2.7", true],
    ["kind", "10.0.0.5", false],
    ["kind", "k8s.example.com", false],
    ["kind", undefined, false],
    ["minikube", "127.0.0.1", true],
    ["minikube", "192.168.49.2", true],
    ["minikube", "172.31.255.1", true],
    ["minikube", "172.32.0.1", false],
    ["minikube", "control-plane.minikube.internal", true],
    ["minikube", "203.0.113.9", false],
    ["minikube", "minikube.example.com", false],
  ];
  for (const [kind, host, expected] of cases) {
    it(`${kind} ${expected ? "can be" : "is not"} at ${host ?? "an unreadable URL"}`, () => {
      assert.equal(isAddressOf(kind, host, own), expected);
    });
  }

  it("knows this machine's own addresses", () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
    assert.ok(addresses.length > 0);
    for (const address of addresses) {
      assert.ok(isAddressOf("kind", address), address);
    }
  });
});
