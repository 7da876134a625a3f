import assert from "node:assert/strict";
import { relative } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";
import { sandboxInfo } from "../../toolchain";
import { nodes, npm } from "./cluster";
import { target } from "./target";

/** A control plane, and two workers: what a mesh does when a node is drained or dies can be seen on several alone. */
const wanted = 3;

let wasRunning = false;

/** Milliseconds that each spec took, from the end of the test before it. */
const spent = new Map<string, number>();
let lastEnd = Date.now();

afterEach(function () {
  const file = relative(projectFolder, this.currentTest!.file!);
  spent.set(file, (spent.get(file) ?? 0) + Date.now() - lastEnd);
  lastEnd = Date.now();
  // mocha says at the end of all specs what failed, which may be most of an hour later.
  if (this.currentTest!.state === "failed") {
    console.log(`      ${this.currentTest!.err?.stack ?? "no error"}`);
  }
});

before("start the embedded cluster, or empty the one that is named", async function () {
  if (!target.embedded) {
    assert.equal((await nodes()).length, wanted, `nodes of ${target.context}; create it from test/cluster/kind.yaml`);
    assert.equal((await npm("down", ...target.flags)).code, 0, "npm run down");
    return;
  }
  // The first time everything is compiled, which takes half an hour on two cores.
  this.timeout(80 * 60_000);
  wasRunning = (await sandboxInfo()) !== undefined && (await nodes()).length === wanted;
  // Tests compare the cluster with what it was before them, so it starts empty: a stack of before would be in the way.
  if (wasRunning) {
    assert.equal((await npm("down", ...target.flags)).code, 0, "npm run down");
  } else {
    assert.equal((await npm("sandbox", "reset")).code, 0, "npm run sandbox -- reset");
  }
  const { code } = await npm("sandbox", "up", "--nodes", String(wanted));
  assert.equal(code, 0, "npm run sandbox -- up");
  lastEnd = Date.now();
});

after("say how long each spec took", () => {
  for (const [file, ms] of spent) {
    console.log(`${(ms / 1000).toFixed(0).padStart(5)} s  ${file}`);
  }
});

after("end the embedded cluster, or empty it if it was there before", async function () {
  // What a spec leaves, the next one changes; the last one has none.
  if (wasRunning || !target.embedded) {
    assert.equal((await npm("down", ...target.flags)).code, 0, "npm run down");
  } else {
    // With what is in it: a stack of a test's would be in the way of the next one.
    const { code } = await npm("sandbox", "reset");
    assert.equal(code, 0, "npm run sandbox -- reset");
  }
});
