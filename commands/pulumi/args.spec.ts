import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../session/stackFiles";
import { destroyArgs, packArgs, previewArgs, upArgs } from "./args";

describe("arguments for the Pulumi CLI", () => {
  it("name the policy pack of the project", () => {
    assert.deepEqual(packArgs(), ["--policy-pack", "policy"]);
    assert.ok(existsSync(join(projectFolder, "policy", "PulumiPolicy.yaml")));
  });

  it("have the policies asked by the preview and by the update, with their configuration", () => {
    const pack = ["--policy-pack", "policy", "--policy-pack-config", "/tmp/policy.json"];
    assert.deepEqual(previewArgs({}, "/tmp/policy.json"), ["preview", "--suppress-outputs", ...pack]);
    assert.deepEqual(upArgs({}, "/tmp/policy.json"), ["up", "--yes", "--skip-preview", "--suppress-outputs", ...pack]);
  });

  it("refresh both, and fail the update alone if it changes something, where that is asked for", () => {
    const options = { refresh: true, expectNoChanges: true };
    assert.deepEqual(previewArgs(options).slice(-1), ["--refresh"]);
    assert.deepEqual(upArgs(options).slice(-2), ["--refresh", "--expect-no-changes"]);
  });

  it("preview no removal, and refresh it if need be", () => {
    assert.deepEqual(destroyArgs(), ["destroy", "--yes", "--skip-preview"]);
    assert.deepEqual(destroyArgs({ refresh: true }), ["destroy", "--yes", "--skip-preview", "--refresh"]);
  });
});
