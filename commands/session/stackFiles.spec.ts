import assert from "node:assert/strict";
import { asProgramConfig, holdsSecret, withSettings } from "./stackFiles";

const project = {
  name: "sidecar-mesh",
  keys: {
    profile: { type: "string", default: "dev" },
    services: { type: "array", default: [{ name: "a" }] },
    port: { type: "integer", default: 80 },
  },
};

describe("stack config", () => {
  it("is handed to a program as text, with defaults filled in", () => {
    assert.deepEqual(asProgramConfig({ "sidecar-mesh:profile": "prod", "other:x": true }, project), {
      "sidecar-mesh:profile": "prod",
      "sidecar-mesh:services": '[{"name":"a"}]',
      "sidecar-mesh:port": "80",
      "other:x": "true",
    });
  });

  it("takes settings on top, lists as JSON, keys with or without our namespace", () => {
    const merged = withSettings(
      { "sidecar-mesh:profile": "prod" },
      { profile: "dev", "sidecar-mesh:services": '[{"name":"b"}]' },
      project,
    );
    assert.deepEqual(merged, { "sidecar-mesh:profile": "dev", "sidecar-mesh:services": [{ name: "b" }] });
  });

  it("leaves a list that is no JSON to the program, which names it among all mistakes", () => {
    assert.deepEqual(withSettings({}, { services: "a,b" }, project), { "sidecar-mesh:services": "a,b" });
  });

  it("knows a secret at any depth", () => {
    assert.ok(holdsSecret({ secure: "v1:abc" }));
    assert.ok(holdsSecret([{ name: "x", env: { TOKEN: { secure: "v1:abc" } } }]));
    assert.ok(!holdsSecret([{ name: "secure" }, "secure"]));
  });

  it("takes a key without a value as not set", () => {
    assert.equal(asProgramConfig({ "sidecar-mesh:profile": null }, project)["sidecar-mesh:profile"], "");
  });

  it("refuses secrets that only the CLI can decrypt, and does not print them", () => {
    for (const value of [{ secure: "v1:abc" }, [{ name: "x", env: { TOKEN: { secure: "v1:abc" } } }]]) {
      assert.throws(
        () => asProgramConfig({ "sidecar-mesh:services": value }, project),
        (error: Error) => /only the Pulumi CLI can read a secret/.test(error.message) && !error.message.includes("abc"),
      );
    }
  });
});
