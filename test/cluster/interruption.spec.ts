import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { projectFolder } from "../../commands/session/stackFiles";
import { npm } from "./cluster";
import { target } from "./target";

const light = ["metricsBackend=none", "tracingBackend=none", "logsBackend=none", "loadGenerator=false"];

/** Runs the script, showing what it says as it says it. @returns that, and the exit code. */
async function interrupt(...args: string[]): Promise<{ code: number | null; said: string }> {
  const settings = light.flatMap((setting) => ["-c", setting]);
  const child = spawn(process.execPath, ["--import", "tsx", "test/interruption.ts", ...args, ...settings], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      process.stderr.write(text.replace(/^(?=.)/gm, "      | "));
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, said };
}

// The script takes the number of moments: npx tsx test/interruption.ts --moments 20
describe("npm start, interrupted", () => {
  after(() => npm("down", ...target.flags));

  it("is mended by the next one: killed, alone or with its pulumi, and the API server killed", async () => {
    const { code, said } = await interrupt("--seed", "3", "--moments", "3");
    assert.equal(code, 0, said);
    assert.match(said, /survived 3\/3/);
  });

  it("is mended by the next one: killed while Helm installs istiod, and while it upgrades it", async () => {
    const { code, said } = await interrupt("--telling", "--moments", "2");
    assert.equal(code, 0, said);
    assert.match(said, /survived 2\/2/);
  });
});
