import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identify, isAlive, signal } from "../system/proc";
import { CGROUP } from "./settings";

const ROOT = "/sys/fs/cgroup";

/** Controllers without which kubelet does not start. */
export const neededControllers = ["cpu", "cpuacct", "cpuset", "memory", "pids"] as const;

/** Whether the machine has version 2 only. */
export function isUnified(): boolean {
  return existsSync(join(ROOT, "cgroup.controllers"));
}

/** Every mounted hierarchy, once each: cpu and cpuacct may be two names of one. */
export function hierarchies(): string[] {
  if (isUnified()) {
    return [ROOT];
  }
  return existsSync(ROOT)
    ? readdirSync(ROOT, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, entry.name, "cgroup.procs")))
        .map((entry) => join(ROOT, entry.name))
    : [];
}

/** Needed controllers that this machine does not offer. */
export function missingControllers(): string[] {
  if (isUnified()) {
    const offered = readFileSync(join(ROOT, "cgroup.controllers"), "utf8").trim().split(" ");
    return ["cpu", "cpuset", "memory", "pids"].filter((name) => !offered.includes(name));
  }
  return neededControllers.filter((name) => !existsSync(join(ROOT, name, "cgroup.procs")));
}

/** Makes the control group that kubelet puts pods into. */
export async function ensureCgroup(): Promise<void> {
  if (isUnified()) {
    await writeFile(join(ROOT, "cgroup.subtree_control"), "+cpu +cpuset +memory +pids").catch(() => undefined);
  }
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, CGROUP);
    await mkdir(folder, { recursive: true });
    // A version 1 cpuset starts without processors and memory, and nothing could run in it.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const own = join(folder, file);
      if (!isUnified() && existsSync(own) && (await readFile(own, "utf8")).trim() === "") {
        await writeFile(own, await readFile(join(hierarchy, file), "utf8"));
      }
    }
  }
}

/** Kills every process in the pods' control group: those of the pods, and nobody else's. */
export async function killPods(): Promise<number> {
  let killed = 0;
  for (let round = 0; round < 50; round++) {
    const pids = new Set<number>();
    for (const hierarchy of hierarchies()) {
      await forEachGroup(join(hierarchy, CGROUP), async (folder) => {
        const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
        text
          .split("\n")
          .filter(Boolean)
          .map(Number)
          .forEach((pid) => pids.add(pid));
      });
    }
    const alive = [...pids].map(identify).filter((identity) => identity !== undefined && isAlive(identity));
    if (alive.length === 0) {
      return killed;
    }
    killed = Math.max(killed, alive.length);
    alive.forEach((identity) => identity && signal(identity, "SIGKILL"));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`processes in control group ${CGROUP} do not end`);
}

/** Removes the pods' control group. */
export async function removeCgroup(): Promise<void> {
  for (const hierarchy of hierarchies()) {
    // A group stays busy for a moment after its last process.
    for (let round = 0; round < 20 && existsSync(join(hierarchy, CGROUP)); round++) {
      await forEachGroup(join(hierarchy, CGROUP), (folder) => rmdir(folder).catch(() => undefined));
      if (existsSync(join(hierarchy, CGROUP))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** Children before their parents, as removing them demands. */
async function forEachGroup(folder: string, visit: (folder: string) => Promise<void>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) {
      await forEachGroup(join(folder, entry.name), visit);
    }
  }
  if (existsSync(folder)) {
    await visit(folder);
  }
}
