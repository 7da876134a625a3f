import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../../commands/verify/report";
import { projectFolder } from "../../commands/session/stackFiles";
import { allObjects, eventually, kubeconfigOfCommands, npm, start, tool } from "./cluster";
import { copyOfProject } from "../support/copyOfProject";
import { onStack, pulumi, tryPulumi } from "../support/pulumi";
import { assertAnswers, assertSameObjects, assertSidecars } from "./stack";
import { assertNothingToAnalyze, remove } from "./trafficSupport";
import { target } from "./target";

const unchanged = /Resources:\s+\d+ unchanged/;

/** `npm start`, as a process that a signal can be sent to. */
function starting(...args: string[]) {
  const child = spawn(process.execPath, ["--require", "./loader.cjs", "commands/up/up.ts", ...target.flags, ...args], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, KUBECONFIG: kubeconfigOfCommands },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    process.stderr.write(text.replace(/^(?=.)/gm, "      | "));
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, said }));
  return { child, ended, says: (text: RegExp) => eventually(() => Promise.resolve(assert.match(said, text)), 120) };
}

describe("npm start", () => {
  let before: string[];

  it("brings the mesh up, and both services answer through Envoy", async () => {
    await remove();
    before = await allObjects();
    const { outputs, said } = await start();
    assert.match(said, /engine: Pulumi v3\./);
    await assertAnswers(outputs);
    await assertSidecars();
  });

  it("passes each check of npm run verify, which reads the outputs from the state", async () => {
    // The load generator's requests, and what is made of them, are there after a scrape or two.
    const { code, report } = await eventually(async () => {
      const { code, stdout } = await npm("verify", ...target.flags, "--json");
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

  it("gives istioctl analyze nothing to say", async () => {
    await assertNothingToAnalyze();
  });

  it("changes nothing the second time", async () => {
    const { said } = await start("--expect-no-changes");
    assert.match(said, unchanged);
    assert.match(said, /nothing to change/);
  });

  it("is Pulumi's own: preview and refresh by hand find nothing changed, and the state has every resource", async () => {
    assert.match(await pulumi("preview", "--refresh", ...onStack(target.stack)), unchanged);
    assert.match(await pulumi("refresh", "--yes", "--skip-preview", ...onStack(target.stack)), unchanged);
    const state = JSON.parse(await pulumi("stack", "export", "--stack", target.stack)) as {
      deployment: { resources: { type: string }[] };
    };
    const types = new Set(state.deployment.resources.map(({ type }) => type));
    for (const type of ["helm.sh/v3:Release", "apps/v1:Deployment", "networking.istio.io/v1:VirtualService"]) {
      assert.ok(types.has(`kubernetes:${type}`), `${type} in ${[...types].join(", ")}`);
    }
  });

  it("puts back what was changed by hand, with --refresh", async () => {
    await tool("kubectl", "-n", "demo", "scale", "deployment/user-service", "--replicas=2");
    await tool("kubectl", "-n", "demo", "delete", "virtualservice/demo-vs");
    const { outputs, said } = await start("--refresh");
    assert.match(said, /demo-vs/);
    await assertAnswers(outputs);
    const replicas = ["-n", "demo", "get", "deployment/user-service", "-o", "jsonpath={.spec.replicas}"];
    assert.equal(await tool("kubectl", ...replicas), "1");
  });

  it("follows config: another service comes, an old one goes", async () => {
    const services = [
      { name: "user-service", text: "Hello from User Service", path: "/user" },
      { name: "order-service", text: "Hello from Order Service", path: "/order" },
    ];
    const { outputs, said } = await start("-c", `services=${JSON.stringify(services)}`);
    assert.match(said, /payment-service-deployment deleted/);
    assert.deepEqual(Object.keys(outputs.services).sort(), ["order-service", "user-service"]);
    assert.equal((await (await fetch(outputs.services["order-service"]!)).text()).trim(), "Hello from Order Service");
  });

  it("refuses bad config before it touches anything", async () => {
    const { code, stderr } = await npm("start", ...target.flags, "-c", "namespace=kube-system", "-c", "replicas=2");
    assert.equal(code, 2);
    assert.match(stderr, /2 problems; nothing was changed/);
    assert.match(stderr, /namespace = "kube-system"/);
  });

  it("fails a preview once the injection label is gone, naming the Deployment and the fix", async () => {
    const broken = await copyOfProject();
    try {
      const file = join(broken, "components", "meshNamespace.ts");
      const source = await readFile(file, "utf8");
      assert.ok(source.includes('"istio-injection": "enabled"'));
      await writeFile(file, source.replace('"istio-injection": "enabled"', '"team": "demo"'));
      const { code, said } = await tryPulumi(["preview", "--policy-pack", "policy", ...onStack(target.stack)], {
        cwd: broken,
      });
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
      const { code, stderr } = await npm("start", ...target.flags, ...flags);
      assert.equal(code, 1);
      assert.match(stderr, /\[mandatory\] {2}dashboards-not-public/);
      await assertSameObjects(objects);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says that another run is at work on the stack, and goes on after it", async () => {
    const text = (what: string) =>
      `services=${JSON.stringify([{ name: "user-service", text: `Hello ${what}`, path: "/user" }])}`;
    const first = starting("-c", text("first"));
    await first.says(new RegExp(`Updating \\(${target.stack}\\)`));
    const second = starting("-c", text("second"));
    assert.equal((await first.ended).code, 0);
    const { code, said } = await second.ended;
    assert.equal(code, 0);
    assert.match(said, /an earlier run is still at work on the stack \((npm|pulumi), process \d+\): waiting/);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends cleanly on ${signal}, and the next one has nothing to mend`, async () => {
      const services = [{ name: "user-service", text: `Hello ${signal}`, path: "/user" }];
      const run = starting("-c", `services=${JSON.stringify(services)}`);
      await run.says(new RegExp(`Updating \\(${target.stack}\\)`));
      run.child.kill(signal);
      const { code, said } = await run.ended;
      assert.equal(code, { SIGINT: 130, SIGTERM: 143 }[signal], said);
      const { code: next } = await npm("start", ...target.flags);
      assert.equal(next, 0);
      assert.match(await pulumi("preview", ...onStack(target.stack)), unchanged);
    });
  }

  it("refuses to go to another cluster with the same stack, naming both", async () => {
    const known = await pulumi("stack", "tag", "get", "sidecar-mesh:cluster", "--stack", target.stack);
    await pulumi("stack", "tag", "set", "sidecar-mesh:cluster", "0-0-0-0 another", "--stack", target.stack);
    try {
      for (const command of ["start", "down"]) {
        const { code, stderr } = await npm(command, ...target.flags);
        assert.equal(code, 1);
        assert.match(stderr, /was applied to another cluster; nothing was changed[^]*context another, UID[^]* 0-0-0-0/);
      }
    } finally {
      await pulumi("stack", "tag", "set", "sidecar-mesh:cluster", known.trim(), "--stack", target.stack);
    }
  });

  it("leaves no object of ours behind after npm run down", async () => {
    const { code, stderr } = await npm("down", ...target.flags);
    assert.equal(code, 0);
    assert.match(stderr, /audit: no resource definition, .* is left/);
    await assertSameObjects(before);
  });

  it("takes over nothing that it did not make, and says how to import it", async () => {
    await tool("kubectl", "create", "namespace", "demo");
    try {
      const { code, stderr } = await npm("start", ...target.flags);
      assert.equal(code, 1);
      assert.match(stderr, /nothing was changed\n\s+Namespace demo: made by kubectl-create\n/);
      assert.match(
        stderr,
        new RegExp(`pulumi import --file .*${target.stack}\\.json --stack ${target.stack} --config-file`),
      );
      await tool("kubectl", "get", "namespace", "demo");
    } finally {
      await tool("kubectl", "delete", "namespace", "demo");
    }
    await assertSameObjects(before);
  });

  it("says what it keeps, and why", async () => {
    await tool("kubectl", "create", "clusterrole", "istio-leftover", "--verb=get", "--resource=pods");
    try {
      const { code, stderr } = await npm("down", ...target.flags);
      assert.equal(code, 0);
      assert.match(stderr, /kept ClusterRole istio-leftover: not made by this stack/);
    } finally {
      await tool("kubectl", "delete", "clusterrole", "istio-leftover");
    }
  });
});
