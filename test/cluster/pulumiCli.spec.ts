import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userFolder } from "../../commands/pulumiCli";
import { projectFolder } from "../../commands/stackFiles";
import { tryRun } from "../../toolchain/system/run";
import type { Report } from "../../commands/verify/report";
import { allObjects, eventually, npm, start, tool } from "./cluster";
import { copyOfProject } from "./copyOfProject";
import { assertAnswers, assertSameObjects, assertSidecars } from "./stack";
import { cli, describeWithCli } from "./withCli";

/** Runs the CLI on the stack that `npm start` made, with the same config, state and passphrase. */
async function tryPulumi(args: string[], cwd = projectFolder): Promise<{ code: number; said: string }> {
  const config = ["--stack", "sandbox", "--config-file", join(userFolder, "config", "Pulumi.sandbox.yaml")];
  const { code, stdout, stderr } = await tryRun(cli!, [...args, ...config, "--non-interactive"], {
    cwd,
    env: {
      PULUMI_BACKEND_URL: `file://${join(userFolder, "pulumi")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(userFolder, "passphrase"),
    },
  });
  return { code, said: stdout + stderr };
}

/** Like {@link tryPulumi}; fails if the CLI does. */
async function pulumi(...args: string[]): Promise<string> {
  const { code, said } = await tryPulumi(args);
  assert.equal(code, 0, said);
  return said;
}

describeWithCli("npm start", () => {
  let before: string[];

  it("brings the mesh up, and both services answer through Envoy", async () => {
    before = await allObjects();
    const { outputs, said } = await start("--engine", "cli");
    assert.match(said, /engine: Pulumi CLI/);
    await assertAnswers(outputs);
    await assertSidecars();
  });

  it("passes each check of npm run verify, which reads the outputs from the CLI", async () => {
    // The load generator's requests, and what is made of them, are there after a scrape or two.
    const { code, report } = await eventually(async () => {
      const { code, stdout } = await npm("verify", "--sandbox", "--engine", "cli", "--json");
      const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
      assert.equal(report.ok, true, JSON.stringify(report.causes));
      return { code, report };
    }, 60);
    assert.equal(code, 0);
    const passed = report.checks.filter(({ verdict }) => verdict === "pass").map(({ name }) => name);
    for (const name of ["stack", "routes", "mtls", "edges", "traffic-policy", "metrics", "traces", "access-log"]) {
      assert.ok(passed.includes(name), `${name} in ${passed.join(", ")}`);
    }
  });

  it("changes nothing the second time", async () => {
    const { said } = await start("--engine", "cli", "--expect-no-changes");
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

  it("lets nothing be applied in-process over it", async () => {
    const { code, stderr } = await npm("start", "--sandbox", "--engine", "in-process");
    assert.equal(code, 1);
    assert.match(stderr, /nothing was changed[^]*made by pulumi-kubernetes[^]*npm run down -- --engine cli/);
  });

  it("passes the policies in a preview", async () => {
    const said = await pulumi("preview", "--policy-pack", "policy");
    assert.match(said, /✅ sidecar-mesh@/);
  });

  it("fails a preview once the injection label is gone, naming the Deployment and the fix", async () => {
    const broken = await copyOfProject();
    try {
      const file = join(broken, "components", "meshNamespace.ts");
      const source = await readFile(file, "utf8");
      assert.ok(source.includes('"istio-injection": "enabled"'));
      await writeFile(file, source.replace('"istio-injection": "enabled"', '"team": "demo"'));
      const { code, said } = await tryPulumi(["preview", "--policy-pack", "policy"], broken);
      assert.notEqual(code, 0);
      assert.match(said, /\[mandatory\] {2}workload-gets-sidecar/);
      assert.match(said, /Deployment demo\/user-service/);
      assert.match(said, /istio-injection/);
    } finally {
      await rm(broken, { recursive: true });
    }
  });

  it("lets the policies refuse an update, and changes nothing then", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
    try {
      const policies = join(folder, "policies.yaml");
      await writeFile(policies, "levels: { dashboards-not-public: mandatory }\n");
      const objects = await allObjects();
      const flags = ["--policy-config", policies, "--config", "dashboardsExposed=true"];
      const { code, stderr } = await npm("start", "--sandbox", "--engine", "cli", ...flags);
      assert.equal(code, 1);
      assert.match(stderr, /nothing was changed[^]*\[mandatory\] dashboards-not-public/);
      await assertSameObjects(objects);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("leaves no object of ours behind after npm run down", async () => {
    const { code } = await npm("down", "--sandbox", "--engine", "cli");
    assert.equal(code, 0);
    await assertSameObjects(before);
  });
});
