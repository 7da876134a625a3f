import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";
import { examplesPage, writeExamples } from "../support/pullRequestExamples";

describe("the comments on pull requests", () => {
  it("are as the page shows them; npm run docs:pull-requests writes it", async function () {
    this.timeout(600_000);
    const page = readFileSync(join(projectFolder, examplesPage), "utf8");
    assert.equal(await writeExamples(), page);
  });
});
