import assert from "node:assert/strict";
import { asksForRateLimit } from "./sandboxImages";

describe("images of the embedded cluster", () => {
  it("of the rate limit service are for those who ask for it", () => {
    assert.equal(asksForRateLimit([{ name: "a" }, { name: "b", globalRateLimit: { requests: 1, unit: "day" } }]), true);
    assert.equal(asksForRateLimit([{ name: "a", rateLimit: {} }]), false);
    assert.equal(asksForRateLimit(undefined), false);
    assert.equal(asksForRateLimit("nonsense"), false);
  });
});
