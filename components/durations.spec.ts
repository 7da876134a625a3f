import assert from "node:assert/strict";
import { isDuration, milliseconds } from "./durations";

describe("milliseconds", () => {
  it("reads what Istio reads", () => {
    assert.deepEqual(["250ms", "1.5s", "1m30s", "1h"].map(milliseconds), [250, 1500, 90_000, 3_600_000]);
  });
  it("takes nothing without a unit, with a sign, or with anything else around it", () => {
    for (const text of ["5", "-5s", "5 s", "5sec", "s", "", "5s!", "1e3s"]) {
      assert.equal(milliseconds(text), undefined, text);
    }
  });
});

describe("isDuration", () => {
  it("wants at least a millisecond", () => {
    assert.deepEqual(["1ms", "0s", "0.1ms", 5, undefined].map(isDuration), [true, false, false, false, false]);
  });
});
