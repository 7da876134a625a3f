import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { changeArgs, packArgs } from "./cliArgs";
import { projectFolder } from "./stackFiles";

describe("arguments for the Pulumi CLI", () => {
  it("name the policy pack of the project", () => {
    assert.deepEqual(packArgs(), ["--policy-pack", "policy"]);
    assert.ok(existsSync(join(projectFolder, "policy", "PulumiPolicy.yaml")));
  });

  it("let the policies refuse an update in its preview, before anything is changed", () => {
    const args = changeArgs("up", { refresh: false });
    assert.deepEqual(args, ["up", "--yes", "--policy-pack", "policy"]);
    assert.ok(!args.includes("--skip-preview"));
  });

  it("hand on the policies' configuration, and refresh if need be", () => {
    assert.deepEqual(changeArgs("up", { refresh: true, packConfig: "/tmp/policy.json" }), [
      "up",
      "--yes",
      "--policy-pack",
      "policy",
      "--policy-pack-config",
      "/tmp/policy.json",
      "--refresh",
    ]);
  });

  it("ask no policies about what is removed", () => {
    assert.deepEqual(changeArgs("destroy", { refresh: false, packConfig: "/tmp/policy.json" }), [
      "destroy",
      "--yes",
      "--skip-preview",
    ]);
  });
});
