import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../system/atomic";
import type { Logger } from "../system/log";
import { run, tryRun } from "../system/run";
import type { DebianPin } from "./pins";

/** What dpkg says is installed. Pure. `listing` has lines of status, name and version, separated by tabs. */
export function installedPackages(listing: string): Map<string, string> {
  return new Map(
    listing
      .split("\n")
      .map((line) => line.split("\t"))
      .filter(([status]) => status?.startsWith("ii"))
      .map(([, name, version]) => [name ?? "", version ?? ""]),
  );
}

/** The pins that are not there, and a remark for each that is there in another version. Pure. */
export function comparePins(
  pins: readonly DebianPin[],
  installed: ReadonlyMap<string, string>,
): { missing: DebianPin[]; remarks: string[] } {
  const remarks = pins
    .filter(({ name, version }) => installed.has(name) && installed.get(name) !== version)
    .map(({ name, version }) => `${name} is ${installed.get(name)}; the sandbox was measured with ${version}`);
  return { missing: pins.filter(({ name }) => !installed.has(name)), remarks };
}

/** Asks dpkg, which answers in milliseconds and needs no network. */
export async function queryPackages(pins: readonly DebianPin[]): Promise<Map<string, string>> {
  const format = "${db:Status-Abbrev}\t${Package}\t${Version}\n";
  const { stdout } = await tryRun("dpkg-query", ["-W", "-f", format, ...pins.map(({ name }) => name)]);
  return installedPackages(stdout);
}

/** Installs the packages that are missing. */
export async function ensurePackages(pins: readonly DebianPin[], log: Logger): Promise<void> {
  const { missing } = comparePins(pins, await queryPackages(pins));
  if (missing.length > 0) {
    log(`installing ${missing.map(({ name }) => name).join(", ")}`);
    await run("apt-get", ["update", "-qq"], { timeoutMs: 300_000 });
    // A package may start its daemon when installed; the sandbox runs its own, and wants no second one.
    const policy = await denyDaemonStart();
    try {
      const wanted = await Promise.all(missing.map(candidate));
      await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...wanted], {
        env: { DEBIAN_FRONTEND: "noninteractive" },
        timeoutMs: 600_000,
      });
    } finally {
      await policy();
    }
  }
  comparePins(pins, await queryPackages(pins)).remarks.forEach(log);
}

/** The pinned version where the archive still has it, else whatever point update took its place. */
async function candidate(pin: DebianPin): Promise<string> {
  const pinned = `${pin.name}=${pin.version}`;
  const { code, stdout } = await tryRun("apt-cache", ["show", pinned]);
  return code === 0 && stdout.includes("Package:") ? pinned : pin.name;
}

async function denyDaemonStart(): Promise<() => Promise<void>> {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) {
    return () => Promise.resolve();
  }
  await run("sh", ["-c", `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`]);
  return () => rm(policy, { force: true });
}

/** Where one file of an unpacked package is kept. Pure. */
export function unpackedFolder(pin: DebianPin, cache: string): string {
  return join(cache, "packages", `${pin.name}-${pin.version.replace(/[^\w.+~-]/g, "_")}`);
}

/** Takes one file out of a package without installing it. */
export async function ensureUnpacked(pin: DebianPin, file: string, cache: string, log: Logger): Promise<void> {
  await makeFolder(unpackedFolder(pin, cache), async (folder) => {
    log(`fetching ${pin.name}`);
    const work = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
    try {
      let wanted = await candidate(pin);
      if ((await tryRun("apt-get", ["download", "-qq", wanted], { cwd: work })).code !== 0) {
        await run("apt-get", ["update", "-qq"], { timeoutMs: 300_000 });
        wanted = await candidate(pin);
        await run("apt-get", ["download", "-qq", wanted], { cwd: work });
      }
      const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
      if (!archive) {
        throw new Error(`apt-get download ${wanted} left no package`);
      }
      await mkdir(join(work, "tree"));
      await run("dpkg-deb", ["-x", join(work, archive), join(work, "tree")]);
      await copyFile(join(work, "tree", file), join(folder, file.split("/").pop() ?? file));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}
