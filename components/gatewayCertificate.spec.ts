import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { Registration } from "../test/support/declaredProgram";
import { watchRegistrations } from "../test/support/declaredProgram";
import { declare, errorOf } from "../test/support/declare";
import { GatewayCertificate, selfSignedKey } from "./gatewayCertificate";

const args = {
  namespace: "istio-ingress",
  secretName: "gateway-tls",
  hosts: ["mesh.example.com", "10.0.0.1"],
  now: new Date("2026-11-28T12:00:00Z"),
};

describe("GatewayCertificate", () => {
  it("keeps a pair in the stack's state, and makes a TLS secret of it in the gateway's namespace", async () => {
    const { one } = await declare(() => new GatewayCertificate("gateway", args));
    const { metadata, type, stringData } = one("Secret").inputs;
    assert.deepEqual(metadata, { name: "gateway-tls", namespace: "istio-ingress" });
    assert.equal(type, "kubernetes.io/tls");
    const { input } = one("Stash").inputs;
    assert.deepEqual(stringData, { "tls.crt": input.certificate, "tls.key": input.privateKey });
    assert.equal(new X509Certificate(input.certificate).checkHost("mesh.example.com"), "mesh.example.com");
  });

  it("keeps the pair that was made first: each run makes another, which the engine passes over", async () => {
    const seen: Registration[] = [];
    await declare(() => {
      watchRegistrations((registration) => seen.push(registration));
      return new GatewayCertificate("gateway", args);
    });
    const stash = seen.find(({ type }) => type === "pulumi:index:Stash");
    assert.deepEqual(stash?.ignoreChanges, ["input"]);
  });

  it("makes a new pair for other hosts and in another half of a year, and no other", () => {
    const key = (day: string, hosts = args.hosts) => selfSignedKey(hosts, new Date(`${day}T00:00:00Z`));
    assert.equal(key("2026-07-01"), key("2026-12-31"));
    assert.notEqual(key("2026-06-30"), key("2026-07-01"));
    assert.notEqual(key("2026-12-31"), key("2027-12-31"));
    assert.notEqual(key("2026-07-01"), key("2026-07-01", ["other.example.com"]));
  });

  it("leaves the certificate to cert-manager where an issuer is named", async () => {
    const issuer = { kind: "ClusterIssuer", name: "letsencrypt" } as const;
    const { one, all } = await declare(() => new GatewayCertificate("gateway", { ...args, issuer }));
    assert.deepEqual([...all("Secret"), ...all("Stash")], []);
    const { metadata, spec } = one("Certificate").inputs;
    assert.deepEqual(metadata, { name: "gateway-tls", namespace: "istio-ingress" });
    assert.deepEqual(spec, {
      secretName: "gateway-tls",
      issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: "letsencrypt" },
      dnsNames: ["mesh.example.com"],
      ipAddresses: ["10.0.0.1"],
      // A key that was read once is of no use after the next renewal.
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      usages: ["digital signature", "server auth"],
    });
    const named = await declare(() => new GatewayCertificate("gateway", { ...args, hosts: ["a.example"], issuer }));
    assert.equal("ipAddresses" in named.one("Certificate").inputs.spec, false);
  });

  it("refuses to be for no host", async () => {
    assert.match(await errorOf(() => new GatewayCertificate("gateway", { ...args, hosts: [] })), /hosts is \[\]/);
  });
});
