import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { istioVersion } from "../components/versions";
import { bumpedFiles, parseBumpFlags, stepsOf, withRelease } from "./bumpIstio";
import { UsageError } from "./shared/flags";
import { projectFolder } from "./session/stackFiles";

describe("npm run bump:istio", () => {
  it("writes the release wherever it is pinned, and nothing else", () => {
    const files = bumpedFiles("1.31.99");
    assert.deepEqual([...files.keys()].sort(), [
      ".github/workflows/e2e.yml",
      "Pulumi.yaml",
      "components/versions.ts",
      "docs/airgap.md",
    ]);
    for (const [file, text] of files) {
      const before = readFileSync(join(projectFolder, file), "utf8");
      assert.ok(text.includes("1.31.99"), file);
      assert.equal(text.replaceAll("1.31.99", istioVersion), before, file);
    }
    assert.equal(bumpedFiles(istioVersion).size, 0);
  });

  it("leaves other versions alone", () => {
    assert.equal(
      withRelease('prometheus: "prom/prometheus:v3.10.0"', "1.31.9"),
      'prometheus: "prom/prometheus:v3.10.0"',
    );
    assert.equal(
      withRelease('export const istioVersion = "1.31.4";', "1.31.9"),
      'export const istioVersion = "1.31.9";',
    );
  });

  it("requires the release's Go modules before it generates from them", () => {
    const steps = stepsOf("1.31.9", "abc").map(({ command, folder = "." }) => `${folder}: ${command.join(" ")}`);
    assert.deepEqual(steps.slice(0, 2), [
      "toolchain/binaries/core: go get istio.io/istio@abc",
      "toolchain/binaries/core: go mod tidy",
    ]);
    assert.ok(steps.indexOf("stacks/meshConfig: go get istio.io/api@v1.31.9") < steps.indexOf(".: npm run schemas"));
  });

  const wrong: [string[], RegExp][] = [
    [[], /no version: name one release/],
    [["1.31"], /^1\.31: name one release of Istio, such as/],
    [["1.31.5", "1.31.6"], /name one release/],
    [["9.9.9"], /9\.9\.9: add the end of its support to commands\/doctor\/istioSupport\.ts/],
    [["1.31.5", "--skip", "tests"], /--skip tests: name some of modules, schemas, docs, golden, digests/],
  ];
  for (const [argv, message] of wrong) {
    it(`refuses ${JSON.stringify(argv)}`, () =>
      assert.throws(
        () => parseBumpFlags(argv),
        (error) => error instanceof UsageError && message.test(error.message),
      ));
  }
});
