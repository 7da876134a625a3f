import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { ensurePackages, packageFolder } from "../install/debian";
import { dockerPackages } from "../install/pins";
import { logTail, running, settingsOf, start, type Daemon } from "../system/daemon";
import { makeFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { endAll, identify, processesBelow, type ProcessIdentity, processesThat, worksBelow } from "../system/proc";
import { run, tryRun } from "../system/run";
import { waitFor } from "../system/wait";
import { type StatePaths, statePaths } from "../paths";
import { type Docker, dockerClient, dockerProblem } from "./docker";

/** Addresses of the network of a Docker of our own. The nodes are in it, and the machine has the first one. */
export const ownNetwork = { name: "kind", bridge: "sidecar-mesh", subnet: "10.199.0.0/24", machine: "10.199.0.1" };

/** The control group of all containers of a Docker of our own. */
const cgroup = "sidecar-mesh";

/** Address of a Docker of our own, and the folders of its programs; whether it runs or not. Pure. */
export function ownDockerAccess(paths: StatePaths, cache: string): { host: string; folders: string[] } {
  return { host: `unix://${paths.dockerSocket}`, folders: programFolders(packageFolder(dockerPackages, cache)) };
}

/** A Docker of our own, whether it runs or not. */
function ownDocker(paths: StatePaths, cache: string): Docker {
  const { host, folders } = ownDockerAccess(paths, cache);
  return dockerClient({ PATH: [...folders, process.env.PATH].join(delimiter), DOCKER_HOST: host }, true);
}

/** Whether a Docker of our own has the embedded cluster, or had it last. */
export function ownDockerIsUsed(paths: StatePaths = statePaths()): boolean {
  return existsSync(paths.dockerData);
}

/** Whether the Docker of our own runs. Its nodes come back by themselves then, and so does the API server. */
export function ownDockerRuns(paths: StatePaths = statePaths()): boolean {
  return running(paths.records, "dockerd") !== undefined;
}

/** The Docker to use: our own if it has data, else one that answers, else our own. */
export async function chooseDocker(paths: StatePaths, cache: string): Promise<Docker> {
  const own = ownDocker(paths, cache);
  if (ownDockerIsUsed(paths)) {
    return own;
  }
  const theirs = dockerClient({}, false);
  return (await dockerProblem(theirs)) === undefined ? theirs : own;
}

/**
 * Starts a Docker of our own unless it runs. It changes nothing of the machine's firewall and settings.
 * @throws Error if one of another state folder runs: both would have the same bridge and control group.
 */
export async function ensureDockerd(paths: StatePaths, cache: string, log: Logger): Promise<Docker> {
  const folder = await ensureDockerPrograms(cache, log);
  const docker = ownDocker(paths, cache);
  const daemon = dockerd(paths, folder);
  const record = running(paths.records, daemon.name);
  if (record?.settings === settingsOf(daemon) && (await dockerProblem(docker)) === undefined) {
    return docker;
  }
  const [other] = processesThat((argv) => isOwnElsewhere(argv, paths.root));
  if (other) {
    throw new Error(
      `an embedded cluster of another state folder runs (dockerd, process ${other.pid}); a machine has room for one: ` +
        "end it with npm run sandbox -- down, with the XDG_STATE_HOME that it was started with",
    );
  }
  await endDockerd(paths, cache, log);
  for (const path of [paths.dockerData, paths.records, paths.logs]) {
    await mkdir(path, { recursive: true, mode: 0o711 });
    await chmod(path, 0o711);
  }
  start(daemon, { records: paths.records, logs: paths.logs });
  await waitFor("dockerd", () => dockerProblem(docker), {
    timeoutMs: 60_000,
    giveUp: () =>
      running(paths.records, daemon.name) ? undefined : `ended; its last lines:\n${logTail(paths.logs, daemon.name)}`,
  });
  // dockerd lets its group in.
  await chmod(paths.dockerSocket, 0o600);
  if ((await docker.tryRun(["network", "inspect", ownNetwork.name])).code !== 0) {
    const bridge = `com.docker.network.bridge.name=${ownNetwork.bridge}`;
    const { name, subnet, machine } = ownNetwork;
    await docker.run(["network", "create", "--opt", bridge, "--subnet", subnet, "--gateway", machine, name]);
  }
  log("dockerd started");
  return docker;
}

/** Ends a Docker of our own with its containers, and removes the interfaces and control groups that it leaves. */
export async function endDockerd(paths: StatePaths, cache: string, log: Logger): Promise<void> {
  if (!ownDockerIsUsed(paths)) {
    return;
  }
  const record = running(paths.records, "dockerd");
  // dockerd ends its containerd. One that lost its dockerd is found by the folder that it works in.
  await endAll(record ? [record] : [], 20_000);
  const left = ["dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy"];
  await endAll(processesBelow(left, paths.root), 3000);
  // Containers go on without a dockerd that was killed, and Docker could not start them again.
  await endAll(await processesOfContainers(), 0);
  const { env } = ownDocker(paths, cache);
  await tryRun("umount", ["--recursive", "--lazy", paths.dockerExec], { env });
  for (const { target } of await mountsBelow(paths.root)) {
    await tryRun("umount", ["--lazy", target], { env });
  }
  await tryRun("ip", ["link", "delete", ownNetwork.bridge], { env });
  await removeCgroups();
  await rm(paths.run, { recursive: true, force: true });
  if (record) {
    log("dockerd ended");
  }
}

/** Docker's programs, unpacked once. @returns their folder. */
async function ensureDockerPrograms(cache: string, log: Logger): Promise<string> {
  const folder = await ensurePackages(dockerPackages, cache, log);
  await makeFolder(join(folder, "links"), async (links) => {
    // Which iptables a name means is a choice of Debian's alternatives, which are not set up for unpacked packages.
    for (const name of ["iptables", "ip6tables"].flatMap((family) => [family, `${family}-save`, `${family}-restore`])) {
      await run("ln", ["-s", "../usr/sbin/xtables-nft-multi", join(links, name)]);
    }
    await run("ln", ["-s", "../usr/bin/tini-static", join(links, "docker-init")]);
    await writeFile(join(links, "daemon.json"), "{}\n");
  });
  return folder;
}

function programFolders(folder: string): string[] {
  return ["links", "usr/bin", "usr/sbin"].map((name) => join(folder, name));
}

/**
 * The daemon: everything in folders of its own, no bridge but the one of the nodes, no rule in the machine's firewall.
 * Pure.
 */
export function dockerd(paths: StatePaths, folder: string): Daemon {
  const libraries = join(folder, "usr/lib/x86_64-linux-gnu");
  return {
    name: "dockerd",
    command: join(folder, "usr/sbin/dockerd"),
    args: [
      `--host=unix://${paths.dockerSocket}`,
      `--data-root=${paths.dockerData}`,
      `--exec-root=${paths.dockerExec}`,
      `--pidfile=${join(paths.run, "dockerd.pid")}`,
      // Not the one of the machine's own Docker.
      `--config-file=${join(folder, "links", "daemon.json")}`,
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
      `--cgroup-parent=/${cgroup}`,
      `--userland-proxy-path=${join(folder, "usr/sbin/docker-proxy")}`,
    ],
    env: {
      PATH: [...programFolders(folder), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"].join(delimiter),
      LD_LIBRARY_PATH: libraries,
      XTABLES_LIBDIR: join(libraries, "xtables"),
    },
  };
}

/** Mounts below a folder, the deepest first. */
async function mountsBelow(folder: string): Promise<{ target: string }[]> {
  const listing = await readFile("/proc/self/mountinfo", "utf8");
  return mountTargets(listing)
    .filter((target) => target.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)
    .map((target) => ({ target }));
}

/** The mount points in /proc/PID/mountinfo, where a blank is written as \040. Pure. */
export function mountTargets(mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((target) => target !== undefined)
    .map((target) => target.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));
}

/** Whether a command line is that of a dockerd of ours, of another state folder than `root`. Pure. */
export function isOwnElsewhere(argv: readonly string[], root: string): boolean {
  return (
    basename(argv[0] ?? "") === "dockerd" &&
    argv.includes(`--cgroup-parent=/${cgroup}`) &&
    !worksBelow(argv, ["dockerd"], root)
  );
}

/** The control groups of all containers: one, or one in each hierarchy. */
async function cgroupFolders(): Promise<string[]> {
  const root = "/sys/fs/cgroup";
  const hierarchies = existsSync(join(root, "cgroup.controllers"))
    ? [root]
    : (await readdir(root)).map((name) => join(root, name));
  return hierarchies.map((hierarchy) => join(hierarchy, cgroup)).filter((folder) => existsSync(folder));
}

/** What runs in the containers. */
async function processesOfContainers(): Promise<ProcessIdentity[]> {
  const pids = new Set<number>();
  for (const folder of await cgroupFolders()) {
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    for (const name of names.filter((one) => basename(one) === "cgroup.procs")) {
      const listed = await readFile(join(folder, name), "utf8").catch(() => "");
      listed
        .split("\n")
        .filter((pid) => pid !== "")
        .forEach((pid) => pids.add(Number(pid)));
    }
  }
  return [...pids].map((pid) => identify(pid)).filter((identity) => identity !== undefined);
}

/** Removes the control groups of the containers, which are empty once these have ended. */
async function removeCgroups(): Promise<void> {
  for (const folder of await cgroupFolders()) {
    await removeEmptyFolders(folder);
  }
}

async function removeEmptyFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isDirectory())) {
    await removeEmptyFolders(join(folder, entry.name));
  }
  await rmdir(folder).catch(() => undefined);
}
