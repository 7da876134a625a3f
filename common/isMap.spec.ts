import assert from "node:assert/strict";
import { isMap } from "./isMap";

describe("isMap", () => {
  it("distinguishes maps from lists, null and scalars", () => {
    assert.deepEqual([{}, { a: 1 }, [], null, undefined, "a", 1, true].map(isMap), [
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
