import assert from "node:assert/strict";
import { bridgeRules, ourChains, removal } from "./firewall";

const saved = `# Generated
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-OLD - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -j DOCKER
-A PREROUTING -j KUBE-OLD
-A KUBE-SERVICES -j CNI-HOSTPORT-DNAT
COMMIT
*filter
:INPUT ACCEPT [0:0]
-A INPUT -j ACCEPT
COMMIT
`;

describe("firewall", () => {
  it("knows its own chains", () => {
    assert.deepEqual(ourChains(saved), ["nat KUBE-SERVICES", "nat KUBE-OLD", "nat CNI-HOSTPORT-DNAT"]);
  });
  it("removes those and the jumps into them, and leaves what was there before", () => {
    assert.deepEqual(removal(saved, ["nat KUBE-OLD"]).split("\n"), [
      "*nat",
      '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      "-F KUBE-SERVICES",
      "-F CNI-HOSTPORT-DNAT",
      "-X KUBE-SERVICES",
      "-X CNI-HOSTPORT-DNAT",
      "COMMIT",
      "",
    ]);
  });
  it("refuses what is for a Service and was not translated, before it lets pass what is of the bridge", () => {
    const [first] = bridgeRules().match(/^-A MESH-SANDBOX-FWD .*$/m)!;
    assert.equal(first, "-A MESH-SANDBOX-FWD -d 10.199.128.0/17 -j REJECT");
    assert.match(bridgeRules(), /^-A MESH-SANDBOX-OUT -d 10\.199\.128\.0\/17 -j REJECT$/m);
  });
  it("has nothing to say about others' rules", () => assert.equal(removal("*nat\n:DOCKER - [0:0]\nCOMMIT\n"), ""));
});
