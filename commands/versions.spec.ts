import assert from "node:assert/strict";
import { atLeast } from "./versions";

describe("atLeast", () => {
  it("compares numbers, not text", () => {
    assert.ok(atLeast("go version go1.26.8 linux/amd64", "1.26"));
    assert.ok(atLeast("Python 3.11.2", "3.9"));
    assert.ok(!atLeast("go1.9", "1.26"));
    assert.ok(atLeast("2.0", "1.26"));
    assert.ok(!atLeast("no version", "1.0"));
  });
});
