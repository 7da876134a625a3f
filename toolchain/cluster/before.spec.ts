import assert from "node:assert/strict";
import { ourResults } from "./before";

describe("ourResults", () => {
  it("takes a pod's own network and its loopback, and no other cluster's", () => {
    const ours = ["sidecar-mesh-sandbox-aa-eth0", "cni-loopback-aa-lo"];
    assert.deepEqual(ourResults([...ours, "cni-loopback-bb-lo", "other-bb-eth0"]), ours);
  });
});
