import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { configurationPage, configurationPageFile, projectFile, projectYaml } from "./configurationPage";

describe("what npm run docs writes of the config keys", () => {
  it("is the page on configuration", async () => {
    assert.equal(readFileSync(configurationPageFile, "utf8"), await configurationPage());
  });

  it("is the config block of Pulumi.yaml", () => {
    const text = readFileSync(projectYaml, "utf8");
    assert.equal(text, projectFile(text));
  });
});
