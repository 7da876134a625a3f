import assert from "node:assert/strict";
import { overlap, routeInto } from "./addresses";

describe("addresses", () => {
  it("sees ranges within and beside each other", () => {
    assert.ok(overlap("10.0.0.0/8", "10.199.0.0/16"));
    assert.ok(overlap("10.199.3.4", "10.199.0.0/16"));
    assert.ok(!overlap("10.198.0.0/16", "10.199.0.0/16"));
    assert.ok(!overlap("192.168.0.0/24", "10.199.0.0/16"));
  });
  it("does not mind the default route, nor its own", () => {
    const routes = [
      { dst: "default", dev: "eth0" },
      { dst: "10.199.0.0/17", dev: "br" },
      { dst: "192.0.2.0/24", dev: "eth0" },
    ];
    assert.equal(routeInto(routes, "10.199.0.0/16", "br"), undefined);
    assert.equal(routeInto([...routes, { dst: "10.0.0.0/8", dev: "tun0" }], "10.199.0.0/16", "br")?.dev, "tun0");
  });
});
