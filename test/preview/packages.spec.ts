import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { moduleCharts } from "../../toolchain";
import { freshProgram } from "../support/freshProgram";
import type { FreshProgram } from "../support/freshProgram";

describe("the packages, in a program of another folder", () => {
  let fresh: FreshProgram;
  /** The documented program, with charts that this machine has. */
  let withCharts: (program: string) => string;
  before(async () => {
    fresh = await freshProgram({ KUBECONFIG: "/nonexistent" });
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
});
