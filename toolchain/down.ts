import { existsSync } from "node:fs";
import { readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { recallBefore, restoreBefore } from "./cluster/before";
import { removeBridge } from "./cluster/bridge";
import { killPods, removeCgroup } from "./cluster/cgroup";
import { components } from "./cluster/components";
import { removeRules } from "./cluster/firewall";
import { corePlans } from "./info";
import { type StatePaths, statePaths } from "./paths";
import { running } from "./system/daemon";
import { withLock } from "./system/lock";
import { type Logger, silent } from "./system/log";
import { unmountBelow } from "./system/mounts";
import { endAll, processesBelow } from "./system/proc";

const SHIM = "containerd-shim-runc-v2";

/** Ends the sandbox and leaves the machine as it was. The cluster's data stays: the next `up` goes on with it. */
export async function down(options: { log?: Logger } = {}): Promise<void> {
  const log = options.log ?? silent;
  const paths = statePaths();
  await withLock(lockName(paths), log, () => sweep(paths, log));
}

/** Ends the sandbox and deletes the cluster's data, images included. What was built or downloaded stays. */
export async function reset(options: { log?: Logger } = {}): Promise<void> {
  const log = options.log ?? silent;
  const paths = statePaths();
  await withLock(lockName(paths), log, async () => {
    await sweep(paths, log);
    await unmountBelow(paths.root);
    await rm(paths.root, { recursive: true, force: true });
    log("cluster data deleted");
  });
}

/** The name of the lock that every command which changes a sandbox holds. */
export function lockName(paths: StatePaths): string {
  return `sidecar-mesh:${paths.root}`;
}

/** Removes every trace of a running or broken-down sandbox but its data. The caller holds the lock. */
export async function sweep(paths: StatePaths, log: Logger): Promise<void> {
  const records = join(paths.run, "daemons");
  const parts = components(paths, corePlans().core.binDir).reverse();
  const before = await recallBefore(paths);
  if (existsSync(paths.run)) {
    // Found by the next `up` when this is cut short.
    await writeFile(join(paths.run, "going-down"), "");
  }

  // kubelet first: it would start again what is ended next. The API server and etcd stay until nobody asks them any more.
  for (const { name } of parts) {
    const record = running(records, name);
    if (record && name !== "containerd") {
      await endAll([record], 3000);
      log(`${name} ended`);
    }
    if (name === "kubelet") {
      const killed = await killPods();
      log(`pods ended (${killed} processes)`);
    }
  }
  await forgetShimSockets(paths);
  await endAll(processesBelow([SHIM], paths.root), 500);
  const runtime = running(records, "containerd");
  await endAll(runtime ? [runtime] : [], 5000);
  log("containerd ended");
  // Whatever was started by a run whose records are lost.
  await endAll(processesBelow([...parts.map(({ name }) => name), SHIM, "runc"], paths.root), 5000);

  await unmountBelow(paths.root);
  await removeBridge();
  if (before) {
    await removeRules(before.chains);
    await restoreBefore(before, paths);
  }
  await removeCgroup();
  await rm(paths.kubeconfig, { force: true });
  await rm(paths.run, { recursive: true, force: true });
  log("mounts, interfaces, rules and control groups removed");
}

/** A shim keeps its socket in a folder all containerds of a machine share. Each one's address is written down with its task. */
async function forgetShimSockets(paths: StatePaths): Promise<void> {
  const tasks = join(paths.run, "containerd", "io.containerd.runtime.v2.task", "k8s.io");
  for (const task of await readdir(tasks).catch(() => [])) {
    const address = await readFile(join(tasks, task, "address"), "utf8").catch(() => "");
    const socket = address.replace(/^unix:\/\//, "");
    if (socket.startsWith("/run/containerd/s/")) {
      await unlink(socket).catch(() => undefined);
    }
  }
}
