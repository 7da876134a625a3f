import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { checkPolicies } from "../../commands/policyCheck";
import { projectFolder } from "../../commands/stackFiles";
import { meshOfProgram } from "../../policy/mesh/pulumi";
import { declaredBy } from "../support/declared";

/** A module runs once in a process, so each declaration of the whole program gets a process of its own. */
function declareProgram(stack: string, settings: Record<string, string> = {}) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--import", "tsx", "test/support/declareProgram.ts", stack, JSON.stringify(settings)],
    { cwd: projectFolder, encoding: "utf8", env: { ...process.env, KUBECONFIG: "/nonexistent" } },
  );
  return {
    status,
    stderr,
    resources:
      status === 0 ? (JSON.parse(stdout) as { type: string; name: string; inputs: Record<string, unknown> }[]) : [],
  };
}

describe("the program", () => {
  for (const stack of ["dev", "prod"]) {
    it(`declares every part of ${stack}, without a cluster`, () => {
      const { resources, stderr } = declareProgram(stack);
      const names = resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
      for (const expected of [
        "Release istio-istio-base",
        "Release istio-istiod",
        "Release istio-istio-ingressgateway",
        "Namespace mesh-namespace",
        "PeerAuthentication mesh-mtls",
        "Deployment user-service-deployment",
        "Service payment-service-service",
        "Gateway demo-gateway",
        "VirtualService demo-vs",
      ]) {
        assert.ok(names.includes(expected), `${expected} in ${names.join(", ")}\n${stderr}`);
      }
    });
  }

  const limited = [{ name: "shop", path: "/shop", globalRateLimit: { requests: 100, unit: "minute" } }];
  for (const [stack, what, settings] of [
    ["dev", "", {}],
    ["prod", "", {}],
    ["sandbox", "", {}],
    ["prod", " with a global rate limit", { services: JSON.stringify(limited) }],
  ] as const) {
    it(`declares nothing in ${stack}${what} that the policies find fault with, or can't judge`, () => {
      const declared = declaredBy(stack, settings);
      assert.ok(declared.resources.length > 20);
      assert.equal(declared.profile, stack === "prod" ? "prod" : "dev");
      const lines: string[] = [];
      checkPolicies(declared, { profile: declared.profile }, (line) => lines.push(line));
      assert.deepEqual(lines.slice(0, -1), []);
    });
  }

  it("tells the policies what waits for what, so that those of order judge it", () => {
    const { resources, components } = declaredBy("dev");
    const mesh = meshOfProgram([...components, ...resources]);
    assert.ok(mesh.ordered);
    const [injector] = mesh.injectors;
    const workload = mesh.workloads.find(({ resource }) => resource.name === "user-service");
    assert.ok(injector?.urn && workload);
    assert.ok(workload.resource.dependencies.includes(injector.urn), workload.resource.dependencies.join("\n"));
  });

  it("declares a rate limit service for who asks for it alone, before the proxies that ask it", () => {
    const names = (settings: Record<string, string>) =>
      declareProgram("prod", settings).resources.map(({ name }) => name);
    assert.ok(!names({}).some((name) => name.startsWith("rate-limit")));
    const all = names({ services: JSON.stringify(limited) });
    const [server, filter] = [all.indexOf("rate-limit-server-deployment"), all.indexOf("shop-rate-limit-global")];
    assert.ok(server > 0 && filter > server, all.join(", "));
  });

  it("declares no pod and no Istio resource before the control plane is there", () => {
    const { resources } = declareProgram("dev");
    const at = (name: string) => resources.findIndex((resource) => resource.name === name);
    const istiod = at("istio-istiod");
    for (const name of [
      "mesh-mtls",
      "user-service-deployment",
      "payment-service-deployment",
      "demo-gateway",
      "demo-vs",
      "istio-istio-ingressgateway",
    ]) {
      assert.ok(at(name) > istiod, `${name} after istiod`);
    }
  });

  it("declares nothing when config is wrong, and lists each mistake", () => {
    const { status, stderr } = declareProgram("dev", { gatewayServiceType: "Nodeport", egressGateway: "maybe" });
    assert.notEqual(status, 0);
    assert.match(stderr, /2 problems; nothing was changed/);
    assert.match(stderr, /declared: 0 resources/);
  });
});
