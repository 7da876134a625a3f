import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describeStatus, status } from "../../toolchain";
import { baseApply, baseManifest } from "../../toolchain/cluster/base";
import { kubectl } from "../../toolchain/cluster/kubectl";
import { statePaths } from "../../toolchain/paths";
import { recordOf } from "../../toolchain/system/daemon";
import { identify } from "../../toolchain/system/proc";
import { projectFolder } from "../../commands/stackFiles";
import { npm, tool } from "./cluster";
import type { Machine } from "./machine";
import { lookAtMachine } from "./machine";

/** Runs a command of the sandbox, and kills it, -9 and with all that it started in its own group, once it says `line`. */
async function killedWhen(line: RegExp, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", "toolchain/main.ts", ...args], {
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

/** Where it is written down which process each part is. */
const records = () => join(statePaths().run, "daemons");

/** Process of a part, by its record. */
function processOf(part: string): number {
  const record = recordOf(records(), part);
  assert.ok(record, `a record of ${part}`);
  return record.pid;
}

async function isUp(): Promise<void> {
  assert.equal((await npm("sandbox", "up")).code, 0);
  assert.match(await tool("kubectl", "get", "node", "sandbox", "--no-headers"), /^sandbox\s+Ready\s/);
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
    for (const part of ["programs", "mounts", "interfaces", "firewall", "controlGroups"] as const) {
      assert.notDeepEqual(running[part], without[part], `a running sandbox shows in ${part}`);
    }
    assert.equal((await npm("sandbox", "down")).code, 0);
    assert.deepEqual(await lookAtMachine(), without);
  });

  it("goes on where a start was killed, and ends what was left of it", async () => {
    await killedWhen(/kube-apiserver started/, "up");
    await isUp();
  });

  it("ends a part whose start nobody wrote down, and starts its own", async () => {
    const lost = processOf("kube-controller-manager");
    // As when a start is killed between a process and its record.
    rmSync(join(records(), "kube-controller-manager.json"));
    await isUp();
    assert.equal(identify(lost), undefined, `process ${lost} has ended`);
  });

  it("mends what died: kubelet, the API server, etcd and the container runtime at once", async () => {
    for (const part of ["kubelet", "kube-apiserver", "etcd", "containerd"]) {
      process.kill(processOf(part), "SIGKILL");
    }
    await isUp();
  });

  it("starts clean after an end that was killed half-way", async () => {
    await killedWhen(/kubelet ended/, "down");
    await isUp();
    assert.equal((await npm("sandbox", "down")).code, 0);
    assert.deepEqual(await lookAtMachine(), without);
  });

  it("refuses what is for a Service that nobody answers, and lets none of it leave the machine", async () => {
    await isUp();
    // The last address of the range, which is given to no Service.
    const nobody = "10.199.255.255";
    await assert.rejects(fetch(`http://${nobody}:3100/`, { signal: AbortSignal.timeout(5000) }), (error: Error) => {
      assert.equal((error.cause as NodeJS.ErrnoException | undefined)?.code, "ECONNREFUSED", String(error.cause));
      return true;
    });
  });

  it("applies nothing of its own with a field that Kubernetes does not know", async () => {
    await isUp();
    // Of a flag that is given twice the last one counts.
    const validated = (manifest: string) =>
      kubectl(statePaths(), [...baseApply, "--dry-run=server", "--validate=strict"], manifest);
    const manifest = baseManifest(statePaths());
    const { code, stderr } = await validated(manifest);
    assert.equal(code, 0, stderr);
    const misspelt = await validated(manifest.replace('"containers"', '"contaners"'));
    assert.match(misspelt.stderr, /contaners/);
  });
});
