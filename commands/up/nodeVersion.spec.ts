import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeAdvice, nodeVersions, atLeast } from "./nodeVersion";
import { projectFolder } from "../session/stackFiles";

describe("the version of Node", () => {
  it("is one that Pulumi's SDK supports, or that works, which is said in one line", () => {
    assert.equal(nodeAdvice("22.0.0"), undefined);
    assert.equal(nodeAdvice("24.1.0"), undefined);
    assert.match(nodeAdvice("20.19.0")!, /^Node 20\.19\.0 works; .*nvm install 22$/);
  });

  it("is the same in package.json", () => {
    const { engines } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
      engines: { node: string };
    };
    assert.equal(engines.node, `>=${nodeVersions.works}`);
  });

  /** Loads the loader as if Node were another version. */
  const load = (version: string) => {
    const script = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } }); require("./loader.cjs")`;
    return spawnSync(process.execPath, ["--eval", script], { cwd: projectFolder, encoding: "utf8" });
  };

  it("is refused by the loader if it is too old, in one line with the fix", () => {
    for (const version of ["18.20.8", "20.18.3"]) {
      const { status, stderr } = load(version);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^error: Node ${version} is too old: .*nodejs.org.*nvm install 22\\n$`));
    }
    assert.equal(load(`${nodeVersions.works}.0`).status, 0);
  });
});

describe("atLeast", () => {
  it("compares numbers, not text", () => {
    assert.ok(atLeast("go version go1.26.8 linux/amd64", "1.26"));
    assert.ok(atLeast("Python 3.11.2", "3.9"));
    assert.ok(!atLeast("go1.9", "1.26"));
    assert.ok(atLeast("2.0", "1.26"));
    assert.ok(!atLeast("no version", "1.0"));
  });
});
