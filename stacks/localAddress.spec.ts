import assert from "node:assert/strict";
import type { OwnAddress } from "./localAddress";
import { isLoopback, isOfThisMachine, mayBeDriverAddress, ownAddresses } from "./localAddress";

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

/** A laptop in an office, with Docker, a network of minikube's, and a virtual machine on macOS. */
const own: OwnAddress[] = [
  { interface: "wlan0", address: "192.168.1.23", cidr: "192.168.1.23/24" },
  { interface: "wlan0", address: "fe80::1", cidr: "fe80::1/64" },
  { interface: "docker0", address: "172.17.0.1", cidr: "172.17.0.1/16" },
  { interface: "br-1f2e3d", address: "192.168.49.1", cidr: "192.168.49.1/24" },
  { interface: "bridge100", address: "192.168.64.1", cidr: "192.168.64.1/24" },
];

describe("isOfThisMachine", () => {
  const cases: [string, boolean, string][] = [
    ["127.0.0.1", true, "loopback"],
    ["192.168.1.23", true, "this machine's address in the office"],
    ["fe80::1", true, "the same, IPv6"],
    ["172.17.0.2", true, "a container"],
    ["192.168.49.2", true, "a container of minikube"],
    ["192.168.64.7", true, "a virtual machine"],
    ["control-plane.minikube.internal", true, "minikube's own name"],
    ["192.168.1.50", false, "another machine of the office"],
    ["fe80::2", false, "the same, IPv6"],
    ["10.20.30.40", false, "a private network elsewhere"],
    ["172.18.0.2", false, "a network of containers that this machine does not have"],
    ["203.0.113.9", false, "a public address"],
    ["k8s.example.com", false, "a name"],
    ["", false, "no host"],
  ];
  for (const [host, expected, what] of cases) {
    it(`${expected ? "takes" : "refuses"} ${host || '""'}: ${what}`, () =>
      assert.equal(isOfThisMachine(host, own), expected));
  }

  it("knows this machine's own addresses", () => {
    assert.ok(ownAddresses().length > 0);
    for (const { address } of ownAddresses()) {
      assert.ok(isOfThisMachine(address), address);
    }
  });
});

describe("mayBeDriverAddress", () => {
  const cases: [string, boolean, string][] = [
    ["192.168.39.2", true, "a stopped machine, whose bridge is gone"],
    ["192.168.49.2", true, "a running one"],
    ["192.168.1.50", false, "another machine of the office"],
    ["10.20.30.40", false, "a private network that companies route"],
    ["203.0.113.9", false, "a public address"],
    ["minikube.example.com", false, "a name"],
  ];
  for (const [host, expected, what] of cases) {
    it(`${host}: ${what}`, () => assert.equal(mayBeDriverAddress(host, own), expected));
  }
});
