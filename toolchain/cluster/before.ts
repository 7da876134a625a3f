import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, readlink, rename, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StatePaths } from "../paths";
import { CNI_NETWORK } from "./configFiles";
import { existingChains } from "./firewall";

/** How the machine was before the sandbox, so that it can be left that way. */
export interface Before {
  sysctls: Record<string, string>;
  chains: string[];
  /** Folders outside the sandbox's own that were there. */
  folders: string[];
}

/** Kernel settings that kubelet, kube-proxy or a CNI plugin changes. */
const sysctls = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/route_localnet",
  "net/bridge/bridge-nf-call-iptables",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

/** Folders outside its own that some component makes because their names are written into its code. */
const foreignFolders = [
  "/var/lib/kubelet",
  "/var/log/containers",
  "/var/lib/cni",
  "/run/containerd",
  "/var/lib/dockershim",
];

const file = (paths: StatePaths): string => join(paths.run, "before.json");

/** Writes down how the machine is, once, before anything is changed. */
export async function rememberBefore(paths: StatePaths): Promise<void> {
  if (existsSync(file(paths))) {
    return;
  }
  const before: Before = {
    sysctls: Object.fromEntries(
      sysctls.flatMap((name) => {
        const path = `/proc/sys/${name}`;
        return existsSync(path) ? [[name, readFileSync(path, "utf8").trim()]] : [];
      }),
    ),
    chains: await existingChains(),
    folders: foreignFolders.filter((folder) => existsSync(folder)),
  };
  await mkdir(dirname(file(paths)), { recursive: true, mode: 0o700 });
  await writeFile(`${file(paths)}.new`, JSON.stringify(before, undefined, 2));
  await rename(`${file(paths)}.new`, file(paths));
}

/** What was written down; undefined when the sandbox changed nothing. */
export async function recallBefore(paths: StatePaths): Promise<Before | undefined> {
  return existsSync(file(paths)) ? (JSON.parse(await readFile(file(paths), "utf8")) as Before) : undefined;
}

/**
 * Files in which the CNI library keeps what plugins answered, for the sandbox's pods. Every containerd calls its loopback
 * network the same: those files are ours whose pod also has one for our network. Pure.
 */
export function ourResults(names: readonly string[]): string[] {
  const own = names.filter((name) => name.startsWith(`${CNI_NETWORK}-`));
  const pods = new Set(own.map((name) => name.slice(CNI_NETWORK.length + 1).replace(/-[^-]*$/, "")));
  return names.filter((name) => own.includes(name) || pods.has(/^cni-loopback-(.*)-lo$/.exec(name)?.[1] ?? ""));
}

/** Puts kernel settings and folders back. */
export async function restoreBefore(before: Before, paths: StatePaths): Promise<void> {
  for (const [name, value] of Object.entries(before.sysctls)) {
    const path = `/proc/sys/${name}`;
    if (existsSync(path) && readFileSync(path, "utf8").trim() !== value) {
      await writeFile(path, value).catch(() => undefined);
    }
  }
  await removeLinksTo("/var/log/containers", paths.root);
  const results = "/var/lib/cni/results";
  for (const name of ourResults(await readdir(results).catch(() => []))) {
    await rm(join(results, name), { force: true });
  }
  const newFolders = foreignFolders.filter((folder) => !before.folders.includes(folder));
  if (newFolders.includes("/var/lib/kubelet")) {
    await rm("/var/lib/kubelet/device-plugins", { recursive: true, force: true });
  }
  // By now somebody else may have put something there: only what is empty goes.
  await Promise.all(newFolders.map(removeEmpty));
}

async function removeLinksTo(folder: string, target: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const link = join(folder, name);
    if ((await readlink(link).catch(() => "")).startsWith(`${target}/`)) {
      await unlink(link);
    }
  }
}

/** Removes the folders in a folder, and itself, as far as nothing is in them. */
async function removeEmpty(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) {
      await removeEmpty(join(folder, entry.name));
    }
  }
  await rmdir(folder).catch(() => undefined);
}
