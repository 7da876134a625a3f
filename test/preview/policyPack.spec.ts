import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stackYaml } from "../../commands/session/stackFiles";
import { packConfigOf } from "../../policy/settings";
import { moduleCharts } from "../../toolchain";
import { copyOfProject } from "../support/copyOfProject";
import { tryPulumi } from "../support/pulumi";

/** Two stacks whose names say the opposite of what their configuration says, which is what counts. */
const [stack, prodStack] = ["prod-like", "eu-1"];

describe("the policy pack on a stack that is not there yet", () => {
  let copy: string;
  before(async () => {
    copy = await copyOfProject();
    await mkdir(join(copy, "state"));
    const istioCharts = await moduleCharts();
    for (const [name, profile] of [
      [stack, "dev"],
      [prodStack, "prod"],
    ]) {
      // By its name the pack takes it for a dashboard, which is open to everyone.
      const services = [{ name: "grafana-copy", path: "/copy" }, { name: "user-service" }];
      const config = { profile, services, istioCharts };
      const keys = Object.entries(config).map(([key, value]) => [`sidecar-mesh:${key}`, value]);
      await writeFile(join(copy, `Pulumi.${name}.yaml`), stackYaml({ config: Object.fromEntries(keys) }));
      await pulumi("stack", "init", name!);
    }
  });
  after(() => rm(copy, { recursive: true }));

  /** Runs the CLI where it has no cluster and no state but that of this test. */
  const pulumi = (...args: string[]) =>
    tryPulumi(args, {
      cwd: copy,
      env: {
        KUBECONFIG: "/nonexistent",
        PULUMI_BACKEND_URL: `file://${join(copy, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "of this test",
      },
    });

  const previewOf = (name: string, ...flags: string[]) =>
    pulumi("preview", "--stack", name, "--policy-pack", "policy", ...flags);
  const preview = (...flags: string[]) => previewOf(stack, ...flags);

  it("passes a preview, and goes by the profile of its configuration, whatever its name", async () => {
    const { code, said } = await preview();
    assert.equal(code, 0, said);
    assert.match(said, /\[advisory\] {2}dashboards-not-public/);
    assert.doesNotMatch(said, /\[mandatory\]/);
  });

  it("judges a prod configuration as prod, whatever the stack's name", async () => {
    const { code, said } = await previewOf(prodStack);
    assert.notEqual(code, 0);
    assert.match(said, /\[mandatory\] {2}dashboards-not-public/);
  });

  it("takes the settings that npm start hands on", async () => {
    const file = join(copy, "policies.json");
    await writeFile(file, JSON.stringify(packConfigOf({ levels: { "dashboards-not-public": "mandatory" } })));
    const { code, said } = await preview("--policy-pack-config", file);
    assert.notEqual(code, 0);
    assert.match(said, /\[mandatory\] {2}dashboards-not-public/);
  });

  it("passes a preview where a value is not known yet, and names what it could not judge for it", async () => {
    const file = join(copy, "components", "echoService.ts");
    const source = await readFile(file, "utf8");
    const known = 'appProtocol: "http"';
    assert.ok(source.includes(known));
    const unknown = "appProtocol: new RandomBytes(`${name}-protocol`, { length: 2 }, { parent: this }).hex";
    await writeFile(file, `import { RandomBytes } from "@pulumi/random";\n${source.replace(known, unknown)}`);
    const { code, said } = await preview();
    assert.equal(code, 0, said);
    assert.match(said, /Service demo\/user-service: port-protocol-declared is not judged yet/);
    assert.doesNotMatch(said, /can't run policy/);
  });
});
