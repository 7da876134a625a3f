import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isZombie } from "../../toolchain/system/proc";
import { tryRun } from "../../toolchain/system/run";

/** What a start of the sandbox changes on a machine, as the machine itself tells it. */
export interface Machine {
  /** Programs that run, each as often as it does, but the tests' own. */
  programs: string[];
  mounts: string[];
  interfaces: string[];
  /** Rules and chains of the firewall, without their counters. */
  firewall: string[];
  routes: string[];
  networkNamespaces: string[];
  controlGroups: string[];
  kernelSettings: Record<string, string>;
}

/** Settings of the kernel that Kubernetes' parts are known to change. */
const kernelSettings = [
  ...["net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet", "net/bridge/bridge-nf-call-iptables"],
  ...["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"],
];

/**
 * The programs that a sandbox consists of, by names that the kernel cuts at 15 characters. Others come and go on any
 * machine.
 */
const ofSandbox =
  /^(dockerd|docker-proxy|containerd|runc|systemd$|etcd|kube-|kubelet|kubernetes|coredns|local-path|metrics-server|pilot-|envoy|http-echo|prometheus|jaeger|java$|loki|otelcol|fortio|ratelimit|redis-server)/;

/** Looks at the machine. Changes nothing. */
export async function lookAtMachine(): Promise<Machine> {
  return {
    programs: programs(),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[4]!)
      .sort(),
    interfaces: readdirSync("/sys/class/net").sort(),
    firewall: [...(await rules("iptables-legacy-save")), ...(await rules("iptables-nft-save"))],
    routes: (await printed("ip", "route", "show", "table", "all")).sort(),
    networkNamespaces: (await printed("ip", "netns", "list")).sort(),
    controlGroups: (await printed("find", "/sys/fs/cgroup", "-type", "d", "-name", "*sidecar-mesh*")).sort(),
    kernelSettings: Object.fromEntries(kernelSettings.map((name) => [name, setting(name)])),
  };
}

/**
 * @returns the processes of a program on the cluster's nodes, which are processes of this machine where the cluster is
 * embedded.
 * @param pod Of this pod alone, for programs that know theirs.
 */
export function processesOf(program: string, pod?: string): number[] {
  return processes()
    .filter((pid) => {
      try {
        const isProgram = readlinkSync(`/proc/${pid}/exe`).endsWith(`/${program}`);
        const names = () => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        return isProgram && (pod === undefined || names().includes(`POD_NAME=${pod}`));
      } catch {
        // It has ended meanwhile.
        return false;
      }
    })
    .map(Number);
}

/** @returns the ids of all processes. */
function processes(): string[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
}

function programs(): string[] {
  return processes()
    .flatMap((pid) => {
      try {
        // A zombie is not ours: on some machines the init process never reaps its children.
        return isZombie(readFileSync(`/proc/${pid}/stat`, "utf8"))
          ? []
          : [readFileSync(`/proc/${pid}/comm`, "utf8").trim()];
      } catch {
        return [];
      }
    })
    .filter((name) => ofSandbox.test(name))
    .sort();
}

async function rules(command: string): Promise<string[]> {
  return (await printed(command))
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.replace(/\[\d+:\d+\]/g, "").trim());
}

/**
 * @returns the lines that a command prints; none where the machine does not have it, before the sandbox installs it.
 */
async function printed(command: string, ...args: string[]): Promise<string[]> {
  const { stdout = "" } = (await tryRun(command, args).catch(() => undefined)) ?? {};
  return stdout.split("\n").filter((line) => line.trim() !== "");
}

function setting(name: string): string {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return "not there";
  }
}
