import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describeStatus, status } from "../../toolchain";
import { statePaths } from "../../toolchain/paths";
import { recordOf } from "../../toolchain/system/daemon";
import { projectFolder } from "../../commands/session/stackFiles";
import { docker, nodes, npm, onNode, tool } from "./cluster";
import type { Machine } from "./machine";
import { lookAtMachine } from "./machine";

/**
 * Runs a command of the sandbox, and kills it, -9 and with all that it started in its own group, once it says `line`.
 */
async function killedWhen(line: RegExp, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ["--require", "./loader.cjs", "commands/sandbox.ts", ...args], {
    cwd: projectFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let killed = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      process.stderr.write(text.replace(/^(?=.)/gm, "      | "));
      if (!killed && line.test(said)) {
        killed = true;
        process.kill(-child.pid!, "SIGKILL");
      }
    });
  }
  const signal = await new Promise((resolve) => child.on("close", (_code, by) => resolve(by)));
  assert.equal(signal, "SIGKILL", `it ended before it said ${String(line)}:\n${said}`);
  return said;
}

/** The daemon's process, by its record. */
function daemon(): number {
  const record = recordOf(statePaths().records, "dockerd");
  assert.ok(record, "a record of dockerd");
  return record.pid;
}

async function isUp(): Promise<void> {
  assert.equal((await npm("sandbox", "up")).code, 0);
  const now = await status();
  assert.ok(now.healthy, describeStatus(now).join("\n"));
}

describe("the embedded cluster", () => {
  let without: Machine;

  before("look at the machine without it", async () => {
    assert.equal((await npm("sandbox", "down")).code, 0);
    without = await lookAtMachine();
  });

  // The tests after this one need it.
  after(isUp);

  it("leaves no process, mount, interface, rule, namespace or setting behind when it is ended", async () => {
    await isUp();
    const running = await lookAtMachine();
    for (const part of ["programs", "interfaces", "controlGroups", "mounts"] as const) {
      assert.notDeepEqual(running[part], without[part], `a running cluster shows in ${part}`);
    }
    // Not even while it runs.
    assert.deepEqual(running.firewall, without.firewall);
    assert.deepEqual(running.kernelSettings, without.kernelSettings);
    assert.equal((await npm("sandbox", "down")).code, 0);
    assert.deepEqual(await lookAtMachine(), without);
  });

  it("has three nodes again, with what was in them, after an end", async () => {
    await isUp();
    assert.equal((await nodes()).length, 3);
    const names = await tool("kubectl", "get", "storageclass", "-o", "name");
    assert.equal(names.trim(), "storageclass.storage.k8s.io/standard");
  });

  it("goes on where a start was killed", async () => {
    assert.equal((await npm("sandbox", "down")).code, 0);
    await killedWhen(/dockerd started/, "up");
    await isUp();
  });

  it("mends what ended: every process at once, as after a reboot", async () => {
    const before = daemon();
    process.kill(before, "SIGKILL");
    await isUp();
    assert.notEqual(daemon(), before);
  });

  it("starts a node again that was killed", async () => {
    const [, worker] = await nodes();
    await docker("kill", worker!);
    assert.equal((await status()).healthy, false);
    await isUp();
    assert.match(await onNode(worker!, "systemctl", "is-active", "kubelet"), /^active/);
  });

  it("refuses another number of nodes than the cluster has, and says what to do", async () => {
    const { code, stderr } = await npm("sandbox", "up", "--nodes", "1");
    assert.equal(code, 1);
    assert.match(stderr, /has 3 of 1 nodes.*npm run sandbox -- reset/);
  });
});
