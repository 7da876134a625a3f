import assert from "node:assert/strict";
import { nearest } from "./nearest";

describe("nearest", () => {
  it("finds slips, not other words", () => {
    assert.equal(nearest("replica", ["replicas", "resources"]), "replicas");
    assert.equal(nearest("NAMESPACE", ["namespace"]), "namespace");
    assert.equal(nearest("colour", ["namespace", "path"]), undefined);
    assert.equal(nearest("x", []), undefined);
  });
});
