import assert from "node:assert/strict";
import { join } from "node:path";
import { findOnPath } from "../../commands/pulumiCli";
import { projectFolder } from "../../commands/stackFiles";
import { userFolder } from "../../commands/pulumiCli";
import { tryRun } from "../../sandbox/system/run";
import { allObjects, npm, start, tool } from "./cluster";
import { assertAnswers, assertSameObjects, assertSidecars } from "./stack";

const cli = findOnPath("pulumi", (folder) => folder.endsWith(join("node_modules", ".bin")));

/** Runs the CLI on the stack that `npm start` made, with the same config, state and passphrase. */
async function pulumi(...args: string[]): Promise<string> {
  const config = ["--stack", "sandbox", "--config-file", join(userFolder, "config", "Pulumi.sandbox.yaml")];
  const { code, stdout, stderr } = await tryRun(cli!, [...args, ...config, "--non-interactive"], {
    cwd: projectFolder,
    env: {
      PULUMI_BACKEND_URL: `file://${join(userFolder, "pulumi")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(userFolder, "passphrase"),
    },
  });
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}

if (cli === undefined) {
  console.log("Pulumi CLI: none on PATH; the cluster tests run in-process alone");
} else {
  describe(`npm start, with ${cli}`, () => {
    let before: string[];

    it("brings the mesh up, and both services answer through Envoy", async () => {
      before = await allObjects();
      const { outputs, said } = await start("--engine", "cli");
      assert.match(said, /engine: Pulumi CLI/);
      await assertAnswers(outputs);
      await assertSidecars();
    });

    it("changes nothing the second time", async () => {
      const { said } = await start("--engine", "cli");
      assert.match(said, /Resources:\s+\d+ unchanged/);
    });

    it("finds nothing changed in the cluster: preview and refresh", async () => {
      assert.match(await pulumi("preview", "--refresh"), /Resources:\s+\d+ unchanged/);
      assert.match(await pulumi("refresh", "--yes", "--skip-preview"), /Resources:\s+\d+ unchanged/);
    });

    it("finds and mends what somebody changed", async () => {
      await tool("kubectl", "-n", "demo", "delete", "virtualservice/demo-vs");
      assert.match(await pulumi("up", "--refresh", "--yes", "--skip-preview"), /demo-vs/);
      assert.match(await tool("kubectl", "-n", "demo", "get", "virtualservice", "demo-vs", "-o", "name"), /demo-vs/);
    });

    it("leaves no object of ours behind after npm run down", async () => {
      const { code } = await npm("down", "--sandbox", "--engine", "cli");
      assert.equal(code, 0);
      await assertSameObjects(before);
    });
  });
}
