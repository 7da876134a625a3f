import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { configurationPage, configurationPageFile } from "./configurationPage";

describe("the page on configuration", () => {
  it("is what Pulumi.yaml gives; npm run docs writes it", async () => {
    assert.equal(readFileSync(configurationPageFile, "utf8"), await configurationPage());
  });
});
