import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withCurrentTable } from "./configTable";
import { projectFolder } from "./stackFiles";

describe("README", () => {
  it("has the config table that Pulumi.yaml gives; npm run docs writes it", async () => {
    const readme = readFileSync(join(projectFolder, "README.md"), "utf8");
    assert.equal(await withCurrentTable(readme), readme);
  });
});
