import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requiredVersion } from "./goMod";
import { binaryGroups, istioTag } from "./groups";
import { buildEnv, buildFlags, buildKey, buildPlan } from "./plan";

const goMod = "require example.com/tool v1.2.3\n";

describe("buildFlags", () => {
  it("stamps the pinned version and passes tags", () => {
    const flags = buildFlags(
      {
        name: "x",
        outputs: [],
        tags: ["a", "b"],
        compilerFlags: "example.com/...=-N",
        stamps: [{ module: "example.com/tool", variable: "example.com/tool.V", value: (v) => v.slice(1) }],
      },
      goMod,
    );
    assert.deepEqual(flags.slice(2), [
      "-tags=a,b",
      "-gcflags=example.com/...=-N",
      "-ldflags",
      "-s -w -X example.com/tool.V=1.2.3",
    ]);
  });
});

describe("buildEnv", () => {
  const GiB = 2 ** 30;
  it("lets Go collect garbage less often where there is memory for it, and takes a limit of the user", () => {
    assert.equal(buildEnv(16 * GiB, {}).GOGC, "400");
    assert.equal(buildEnv(8 * GiB, {}).GOGC, undefined);
    assert.equal(buildEnv(16 * GiB, { GOGC: "50" }).GOGC, undefined);
  });
});

describe("buildKey", () => {
  it("changes with any input and with nothing else", () => {
    const key = buildKey(["-a"], "m", "s");
    assert.equal(buildKey(["-a"], "m", "s"), key);
    assert.equal(
      new Set([key, buildKey(["-b"], "m", "s"), buildKey(["-a"], "n", "s"), buildKey(["-a"], "m", "t")]).size,
      4,
    );
  });
});

describe("istioTag", () => {
  it("never looks like a release", () => {
    assert.equal(istioTag("v0.0.0-20260827124520-eed52ebb66ad"), "dev-eed52ebb66ad");
    assert.equal(istioTag("v1.31.4"), "dev-1.31.4");
  });
});

describe("binaryGroups", () => {
  for (const group of Object.values(binaryGroups)) {
    it(`${group.name}: its go.mod has every pinned module`, () => {
      assert.match(buildPlan(group, "/cache").folder, new RegExp(`^/cache/binaries/${group.name}-[0-9a-f]{12}$`));
    });
  }
});

describe("istio-cni", () => {
  it("is of the same Istio as the control plane", () => {
    const version = (group: string) =>
      requiredVersion(readFileSync(join(__dirname, group, "go.mod"), "utf8"), "istio.io/istio");
    assert.equal(version("istio-cni"), version("core"));
  });
});
