import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageSchema } from "../../components/packageSchema";
import manifest from "../../components/package.json";
import type { PackageSchema } from "../../components/provider";
import { moduleCharts } from "../../toolchain";
import { freshProgram } from "../support/freshProgram";
import type { FreshProgram, OtherProgram } from "../support/freshProgram";

describe("the packages, in a program of another folder", () => {
  let fresh: FreshProgram;
  /** The documented program, with charts that this machine has. */
  let withCharts: (program: string) => string;
  before(async () => {
    fresh = await freshProgram({ KUBECONFIG: "/nonexistent", KUBE_CONTEXT: "kind-kind" });
    const charts = JSON.stringify(await moduleCharts());
    withCharts = (program) => program.replace("istio: {", `istio: { charts: ${charts},`);
  });
  after(() => fresh.remove());

  const preview = (...flags: string[]) =>
    fresh.pulumi("preview", "--policy-pack", join("node_modules", "sidecar-mesh-policies"), ...flags);

  it("declare two namespaces of one mesh, which the policy pack finds no fault with", async () => {
    await fresh.write(withCharts);
    const { code, said } = await preview();
    assert.equal(code, 0, said);
    for (const part of [
      "Namespace mesh-shop-namespace",
      "Namespace mesh-blog-namespace",
      "Release mesh-istio-istiod",
    ]) {
      assert.ok(said.includes(part), `${part} in ${said}`);
    }
    assert.match(said, /sidecar-mesh@v\d+\.\d+\.\d+ \(local: node_modules\/sidecar-mesh-policies\)/);
    assert.doesNotMatch(said, /\[(mandatory|advisory)\]/);
  });

  it("report a mistake by the pack and its settings, and wrong args before anything is declared", async () => {
    const settings = { "images-pinned": "mandatory", "mesh-settings": { levels: { "images-pinned": "mandatory" } } };
    await writeFile(join(fresh.folder, "policies.json"), JSON.stringify(settings));
    await fresh.write((program) => withCharts(program).replace("http-echo:1.0.0", "http-echo:latest"));
    const judged = await preview("--policy-pack-config", "policies.json");
    assert.notEqual(judged.code, 0);
    assert.match(judged.said, /\[mandatory\] {2}images-pinned/);

    await fresh.write((program) => withCharts(program).replace('namespace: "blog"', 'namespace: "shop"'));
    const { code, said } = await preview();
    assert.notEqual(code, 0);
    assert.match(said, /applications\[1\]\.namespace is "shop": another application has this namespace/);
    assert.doesNotMatch(said, /kubernetes:core\/v1:Namespace/);
  });

  it("have the schema that packing made", async () => {
    const { code, said } = await fresh.pulumi("package", "get-schema", "./node_modules/sidecar-mesh-components");
    assert.equal(code, 0, said);
    const schema = JSON.parse(said.slice(said.indexOf("{\n"), said.lastIndexOf("}") + 1)) as PackageSchema;
    assert.equal(schema.version, manifest.version);
    assert.deepEqual(Object.keys(schema.resources).sort(), Object.keys(packageSchema().resources).sort());
  });

  describe("in YAML", () => {
    let yaml: OtherProgram;
    let charted: (program: string) => string;
    before(async () => {
      const charts = await moduleCharts();
      charted = (program) => program.replace("istio:\n", `istio:\n        charts: ${charts}\n`);
      yaml = await fresh.yaml(charted);
    });
    const pack = ["--policy-pack", "../node_modules/sidecar-mesh-policies"];

    it("declare the same, which the policy pack finds no fault with", async () => {
      const { code, said } = await yaml.run("preview", ...pack);
      assert.equal(code, 0, said);
      for (const part of [
        "SidecarMesh mesh",
        "Release mesh-istio-istiod",
        "Deployment mesh-user-service.shop-deployment",
      ]) {
        assert.ok(said.includes(part), `${part} in ${said}`);
      }
      assert.doesNotMatch(said, /\[(mandatory|advisory)\]/);
    });

    it("report what no schema takes, what comes too late, and wrong args, each with its property", async () => {
      const refused = async (from: string, to: string, message: RegExp) => {
        await yaml.write((program) => charted(program).replace(from, to));
        const { code, said } = await yaml.run("preview");
        assert.notEqual(code, 0);
        assert.match(said, message);
        assert.doesNotMatch(said, /kubernetes:core\/v1:Namespace/);
      };
      await refused("NodePort,", "NodPort,", /serviceType: Cannot assign type 'string'[^]*LoadBalancer/);
      await refused(
        "path: /user",
        "path: ${cluster.id}",
        /applications\[0\]\.services\[0\]\.path: .*give the value itself/,
      );
      await refused("allowFrom: [user-service]", "allowFrom: [cart]", /allowFrom\[0\] is "cart": no such service/);
    });
  });

  it("declare the same in Python, with a generated SDK", async () => {
    const charts = JSON.stringify(await moduleCharts());
    const python = await fresh.python((program) => program.replace("istio={", `istio={"charts": ${charts}, `));
    const { code, said } = await python.run("preview");
    assert.equal(code, 0, said);
    assert.match(said, /Deployment mesh-payment-service\.shop-deployment/);
  });
});
