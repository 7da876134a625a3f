import assert from "node:assert/strict";
import { type Machine, requirementProblems } from "./requirements";

const fit: Machine = { platform: "linux", arch: "x64", root: true, memoryBytes: 8 * 1024 ** 3, has: () => true };

describe("requirementProblems", () => {
  it("finds nothing on a machine that has all", () => assert.deepEqual(requirementProblems(fit), []));

  const lacks: [string, Partial<Machine>, RegExp][] = [
    ["another system", { platform: "darwin" }, /not on darwin on x64/],
    ["another processor", { arch: "arm64" }, /not on linux on arm64/],
    ["a user who is not root", { root: false }, /needs root/],
    ["too little memory", { memoryBytes: 2 * 1024 ** 3 }, /2\.0 GiB of memory/],
    ["no Go", { has: (program) => program !== "go" }, /^no go$/],
    ["no apt", { has: (program) => program !== "apt-get" }, /^no apt-get$/],
  ];
  for (const [what, machine, cause] of lacks) {
    it(`reports ${what}, and the fix`, () => {
      const [problem, ...more] = requirementProblems({ ...fit, ...machine });
      assert.match(problem!.cause, cause);
      assert.ok(problem!.fix.length > 0);
      assert.deepEqual(more, []);
    });
  }
});
