import { istioChartRepo } from "../../components/versions";
import assert from "node:assert/strict";
import { checkPolicies } from "../support/judge";
import { settingsWithout } from "../../commands/up/firstUpdate";
import { meshOfProgram } from "../../policy/mesh/pulumi";
import { declaredBy } from "../support/declared";
import { wholeProgram } from "../support/wholeProgram";
import { parseConfig } from "../../stacks/config";
import { declaredMesh } from "../../stacks/declared";
import type { Settings } from "../../stacks/settings";

describe("the program", () => {
  for (const stack of ["dev", "prod"]) {
    it(`declares every part of ${stack}, without a cluster`, async () => {
      const { resources, failure } = await wholeProgram(stack);
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
        assert.ok(names.includes(expected), `${expected} in ${names.join(", ")}\n${String(failure)}`);
      }
    });
  }

  it("writes manifests in place of changing a cluster, if the provider's key says so, and asks no cluster for an address", async () => {
    const { resources } = await wholeProgram("prod", { "kubernetes:renderYamlToDirectory": "manifests" });
    const kindOf = ({ type }: { type: string }) => type.split(":").at(-1);
    const { inputs } = resources.find(({ name }) => name === "cluster")!;
    assert.deepEqual([inputs.renderYamlToDirectory, inputs.kubeconfig, inputs.context], ["manifests", "", undefined]);
    const kinds = resources.map(kindOf);
    assert.deepEqual(
      [kinds.includes("Chart"), kinds.includes("Release"), kinds.includes("IngressAddress")],
      [true, false, false],
    );
  });

  it("has no output that is undefined, which Pulumi would warn of", async () => {
    const of = async (settings: Record<string, string>) => {
      const { outputs } = await wholeProgram("dev", settings);
      assert.deepEqual(
        Object.keys(outputs).filter((name) => outputs[name] === undefined),
        [],
      );
      return Object.keys(outputs);
    };
    const bare = await of({ grafana: "false", clusterKind: "k3d" });
    assert.ok(!bare.includes("grafanaPassword") && !bare.includes("gatewayUrl"), bare.join());
    const whole = await of({ grafana: "true", clusterKind: "kind" });
    assert.ok(whole.includes("grafanaPassword") && whole.includes("gatewayUrl"), whole.join());
  });

  const limited = [{ name: "shop", path: "/shop", globalRateLimit: { requests: 100, unit: "minute" } }];
  const outside = [
    { host: "api.example.com", port: 443, protocol: "HTTPS" },
    { host: "*.example.org", port: 80, protocol: "HTTP" },
    { host: "db.example.com", port: 5432, protocol: "TCP", addresses: ["10.0.0.5"] },
  ];
  const unwatched = settingsWithout(["prometheus", "jaeger", "otelcol", "loki"]);
  for (const [stack, what, settings] of [
    ["dev", "", {}],
    ["prod", "", {}],
    // The embedded cluster's own files are there once it was started.
    ["sandbox", "", { kubeconfig: "auto", istioCharts: istioChartRepo }],
    ["sandbox", " in the first update", { kubeconfig: "auto", istioCharts: istioChartRepo, ...unwatched }],
    ["prod", " with a global rate limit", { services: JSON.stringify(limited) }],
    ["prod", " with hosts outside", { outboundTraffic: "REGISTRY_ONLY", externalHosts: JSON.stringify(outside) }],
  ] as const) {
    it(`declares nothing in ${stack}${what} that the policies find fault with, or can't judge`, async () => {
      const declared = await declaredBy(stack, settings);
      assert.ok(declared.resources.length > 20);
      assert.equal(declared.profile, stack === "prod" ? "prod" : "dev");
      const lines: string[] = [];
      checkPolicies(declared, { profile: declared.profile }, (line) => lines.push(line));
      assert.deepEqual(lines.slice(0, -1), []);
    });
  }

  it("passes the dependencies to the policies, so that the policies of order check them", async () => {
    const { resources, components } = await declaredBy("dev");
    const mesh = meshOfProgram([...components, ...resources]);
    assert.ok(mesh.ordered);
    const [injector] = mesh.injectors;
    const workload = mesh.workloads.find(({ resource }) => resource.name === "user-service");
    assert.ok(injector?.urn && workload);
    assert.ok(workload.resource.dependencies.includes(injector.urn), workload.resource.dependencies.join("\n"));
  });

  it("declares a rate limit service for who asks for it alone, before the proxies that ask it", async () => {
    const of = async (settings: Record<string, string>) => (await wholeProgram("prod", settings)).resources;
    assert.ok(!(await of({})).some(({ name }) => name.startsWith("rate-limit")));
    const resources = await of({ services: JSON.stringify(limited) });
    const all = resources.map(({ name }) => name);
    const [server, filter] = [all.indexOf("rate-limit-server-deployment"), all.indexOf("shop-rate-limit-global")];
    assert.ok(server > 0 && filter > server, all.join(", "));

    // The declared namespaces are complete.
    const config = parseConfig({ "sidecar-mesh:services": JSON.stringify(limited) }) as Settings;
    const { namespaces } = declaredMesh(config, { namespace: "istio-ingress", serviceAccount: "gateway" });
    const made = resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
    assert.deepEqual(
      made.map(({ inputs }) => (inputs.metadata as { name: string }).name).sort(),
      Object.values(namespaces).sort(),
    );
  });

  it("declares no pod and no Istio resource before the control plane is there", async () => {
    const { resources } = await wholeProgram("dev", { externalHosts: JSON.stringify(outside) });
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
    // What a pod asks for at its start is let out already.
    const host = at("external-host-api.example.com");
    assert.ok(host > istiod && host < at("user-service-deployment"), String(host));
  });

  it("declares nothing when config is wrong, and lists each mistake", async () => {
    const wrong = { gatewayServiceType: "Nodeport", egressGateway: "maybe" };
    const { resources, failure } = await wholeProgram("dev", wrong);
    assert.match(String(failure), /2 problems; nothing was changed/);
    assert.deepEqual(resources, []);
  });
});
