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
    assert.deepEqual(changeArgs("up", { pack: {} }), ["up", "--yes", "--policy-pack", "policy"]);
  });

  it("leave out the preview where the policies were asked before", () => {
    assert.deepEqual(changeArgs("up"), ["up", "--yes", "--skip-preview"]);
  });

  it("hand on the policies' configuration, and refresh if need be", () => {
    assert.deepEqual(changeArgs("up", { refresh: true, expectNoChanges: true, pack: { config: "/tmp/policy.json" } }), [
      "up",
      "--yes",
      "--policy-pack",
      "policy",
      "--policy-pack-config",
      "/tmp/policy.json",
      "--refresh",
      "--expect-no-changes",
    ]);
  });

  it("preview no removal", () => {
    assert.deepEqual(changeArgs("destroy"), ["destroy", "--yes", "--skip-preview"]);
  });
});
