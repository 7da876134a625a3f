import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { projectFolder } from "../../commands/stackFiles";
import { npm } from "./cluster";

describe("npm start, interrupted", () => {
  after(() => npm("down", "--sandbox", "--engine", "in-process"));

  // The script tries as many as it is told: npx tsx test/interruption.ts --moments 20
  it("is mended by the next one: killed, alone or with its helm, and the API server killed", () => {
    const light = ["metricsBackend=none", "tracingBackend=none", "logsBackend=none", "loadGenerator=false"];
    const args = [
      ...["--import", "tsx", "test/interruption.ts", "--seed", "3", "--moments", "3"],
      ...light.flatMap((setting) => ["-c", setting]),
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: projectFolder, encoding: "utf8" });
    console.log(stdout.replace(/^/gm, "      "));
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /survived 3\/3/);
  });
});
