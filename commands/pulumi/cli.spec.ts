import assert from "node:assert/strict";
import { isSupported } from "./cli";

describe("the version of a Pulumi CLI", () => {
  const suits: [string, boolean][] = [
    ["v3.224.0", true],
    ["v3.274.1\n", true],
    ["v3.300.0-dev.0", true],
    ["v3.223.9", false],
    ["v4.0.0", false],
    ["v2.25.0", false],
    ["not a version", false],
  ];
  for (const [version, expected] of suits) {
    it(`${JSON.stringify(version)} ${expected ? "suits" : "does not suit"}`, () =>
      assert.equal(isSupported(version), expected));
  }
});
