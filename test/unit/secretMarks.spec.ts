import assert from "node:assert/strict";
import { withoutSecretMarks } from "../support/declare";

describe("withoutSecretMarks", () => {
  it("finds secrets at any depth, also in one another, and leaves the rest", () => {
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    const inputs = { a: [secret({ b: secret("x") }), 1, null], value: "kept", c: undefined };
    assert.deepEqual(withoutSecretMarks(inputs), { a: [{ b: "x" }, 1, null], value: "kept", c: undefined });
  });
});
