import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../../commands/stackFiles";

describe("the cluster tests", () => {
  it("load where there is no cluster yet, which their first hook brings", async function () {
    this.timeout(60_000);
    const mocha = join(projectFolder, "node_modules", "mocha", "bin", "mocha.js");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [mocha, "--config", "test/cluster/.mocharc.json", "--dry-run", "--reporter", "json"],
      { cwd: projectFolder, env: { ...process.env, XDG_STATE_HOME: join(tmpdir(), "no-sandbox-here") } },
    );
    const { stats } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { stats: { tests: number; failures: number } };
    assert.ok(stats.tests > 0, "they are found");
    assert.equal(stats.failures, 0);
  });
});
