import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { projectFolder } from "../../commands/session/stackFiles";
import { istioChartRepo, istioHub, istioVersion } from "../../components/versions";
import { requiredVersion } from "../../toolchain/binaries/goMod";

/** @returns the minor version of a release or of a Go module's version: 1.31. */
function minorOf(version: string): string | undefined {
  return /^v?(\d+\.\d+)\./.exec(version)?.[1];
}

/** Go modules that hold Istio's API: what the cluster tests run, and what configuration is checked with. */
const goModules = ["toolchain/binaries/core/go.mod", "toolchain/binaries/istio-cni/go.mod", "stacks/meshConfig/go.mod"];

describe("Istio's version", () => {
  for (const file of goModules) {
    it(`has the minor that ${file} has: what is declared is what is tested`, () => {
      const goMod = readFileSync(join(projectFolder, file), "utf8");
      assert.equal(minorOf(istioVersion), minorOf(requiredVersion(goMod, "istio.io/api")));
    });
  }

  it("is the default of Pulumi.yaml, with where Istio publishes it", () => {
    const { config } = parse(readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8")) as {
      config: Record<string, { default?: unknown }>;
    };
    const defaults = ["istioVersion", "istioCharts", "istioHub"].map((key) => config[key]?.default);
    assert.deepEqual(defaults, [istioVersion, istioChartRepo, istioHub]);
  });

  it("is not taken from where Istio publishes nothing since 1.31", () => {
    for (const source of [istioChartRepo, istioHub]) {
      assert.doesNotMatch(source, /storage\.googleapis\.com|registry\.istio\.io|gcr\.io/);
    }
  });
});
