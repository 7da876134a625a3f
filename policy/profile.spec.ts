import assert from "node:assert/strict";
import { engineConfig, placeOf, profileOf } from "./profile";

describe("the profile of a stack", () => {
  const cases: [string, Record<string, string>, "dev" | "prod", string][] = [
    ["eu-1", { "mesh:profile": "prod" }, "prod", "is what its configuration says"],
    ["prod-eu", { "mesh:profile": "dev" }, "dev", "is not what its name says, where the configuration says otherwise"],
    ["prod", { "mesh:profile": "sandbox" }, "dev", "is dev for any other profile"],
    ["prod-eu", { "other:profile": "dev" }, "prod", "goes by its name where the project has no such key"],
    ["prod-eu", { "mesh:profile": "" }, "prod", "goes by its name where the key is not set"],
    ["reprod", {}, "dev", "goes by how its name begins"],
  ];
  for (const [stack, config, expected, title] of cases) {
    it(title, () => assert.equal(profileOf({ project: "mesh", stack, config }), expected));
  }

  it("is what its output says, before anything else", () => {
    const facts = { project: "mesh", stack: "anything", config: { "mesh:profile": "dev" } };
    assert.equal(profileOf({ ...facts, output: "prod" }), "prod");
    assert.equal(profileOf({ ...facts, stack: "prod", config: {}, output: "dev" }), "dev");
  });

  it("is found by the project and the stack that a URN names", () => {
    assert.deepEqual(placeOf("urn:pulumi:dev::mesh::x:y:Z::name"), { project: "mesh", stack: "dev" });
    assert.deepEqual(placeOf("none"), { project: "", stack: "" });
    assert.deepEqual(placeOf(undefined), { project: "", stack: "" });
  });

  it("is read from what the engine gives a process", () => {
    assert.deepEqual(engineConfig({ PULUMI_CONFIG: '{"mesh:profile":"prod"}' }), { "mesh:profile": "prod" });
    assert.deepEqual(engineConfig({}), {});
    assert.deepEqual(engineConfig({ PULUMI_CONFIG: "{" }), {});
  });
});
