import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { GatewayCertificate } from "./gatewayCertificate";

const args = { namespace: "istio-ingress", secretName: "gateway-tls", hosts: ["mesh.example.com"] };

describe("GatewayCertificate", () => {
  it("keeps a random seed, and makes a TLS secret in the gateway's namespace", async () => {
    const { one } = await declare(() => new GatewayCertificate("gateway", args));
    assert.equal(one("RandomBytes").inputs.length, 32);
    const { metadata, type } = one("Secret").inputs;
    assert.deepEqual(metadata, { name: "gateway-tls", namespace: "istio-ingress" });
    assert.equal(type, "kubernetes.io/tls");
  });
  it("refuses to be for nobody", async () => {
    assert.match(await errorOf(() => new GatewayCertificate("gateway", { ...args, hosts: [] })), /hosts is \[\]/);
  });
});
