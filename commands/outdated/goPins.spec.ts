import assert from "node:assert/strict";
import type { GoMod, GoModule } from "./goPins";
import { judgeModule, parseModules, pinnedModules } from "./goPins";

describe("pins of Go modules", () => {
  const goMod: GoMod = {
    Module: { Path: "sandbox.local/core" },
    Tool: [{ Path: "sandbox.local/core/main" }, { Path: "a.dev/b/cmd/tool" }, { Path: "c.dev/c" }],
    Require: [
      { Path: "a.dev", Version: "v1.0.0", Indirect: true },
      { Path: "a.dev/b", Version: "v1.0.0", Indirect: true },
      { Path: "a.dev/b/cmd/to", Version: "v1.0.0", Indirect: true },
      { Path: "c.dev/c", Version: "v1.0.0" },
      { Path: "d.dev/d", Version: "v1.0.0" },
    ],
  };

  it("are those that a go.mod requires directly, and those of its tools", () => {
    assert.deepEqual(pinnedModules(goMod), ["c.dev/c", "d.dev/d", "a.dev/b"]);
    assert.deepEqual(pinnedModules({ Module: { Path: "a" } }), []);
    const without = { ...goMod, Require: [] };
    assert.throws(() => pinnedModules(without), /core: no module in its go\.mod has the tool a\.dev\/b\/cmd\/tool/);
  });

  it("are read from what Go prints", () => {
    const printed = '{\n\t"Path": "a",\n\t"Update": {\n\t\t"Version": "v2"\n\t}\n}\n{\n\t"Path": "b"\n}\n';
    assert.deepEqual(parseModules(printed), [{ Path: "a", Update: { Version: "v2" } }, { Path: "b" }]);
    assert.deepEqual(parseModules(""), []);
  });

  const commit = "v0.0.0-20260827124520-eed52ebb66ad";
  const older = {
    Time: "2026-09-01T00:00:00Z",
    Update: { Version: "v1.5.2", Time: "2020-01-01T00:00:00Z" },
    Versions: ["v0.35.0", "v0.36.4", "v0.37.0-rc.0", "v1.5.2"],
  };
  const cases: [string, Omit<GoModule, "Path">, string | undefined][] = [
    ["an update", { Version: "v1.0.0", Update: { Version: "v1.1.0" } }, "v1.1.0"],
    ["no update", { Version: "v1.0.0" }, "v1.0.0"],
    ["an update that is older by years", { Version: "v0.36.3", ...older }, "v0.36.4"],
    ["nothing but such an update", { Version: "v0.36.4", ...older }, "v0.36.4"],
    ["a commit, with an update", { Version: commit, Update: { Version: "v0.1.0" } }, "v0.1.0"],
    ["a commit, without one", { Version: commit }, undefined],
    [
      "something in its place, with an update",
      { Version: "v9.0.0", Replace: { Path: "fork", Version: "v1.0.0", Update: { Version: "v1.1.0" } } },
      "v1.1.0",
    ],
    ["something in its place", { Version: "v9.0.0", Replace: { Path: "fork", Version: "v1.0.0" } }, "v1.0.0"],
    ["an error", { Version: "v1.0.0", Error: { Err: "403 Forbidden\nmore" } }, undefined],
  ];
  for (const [title, module, newest] of cases) {
    it(`have the version to go to: with ${title}`, () => {
      const pin = judgeModule({ Path: "a.dev", ...module }, "x/go.mod");
      assert.equal(pin.newest, newest);
      assert.equal(pin.problem === undefined, newest !== undefined);
      assert.deepEqual([pin.what, pin.ours], module.Replace ? ["fork", "v1.0.0"] : ["a.dev", module.Version]);
    });
  }

  it("say why a version is not known", () => {
    const problem = (module: Omit<GoModule, "Path">) => judgeModule({ Path: "a", ...module }, "").problem;
    assert.equal(problem({ Version: commit }), "a commit, and the proxy names no later version");
    assert.equal(problem({ Version: "v1.0.0", Error: { Err: "403 Forbidden\nmore" } }), "403 Forbidden");
  });
});
