import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { ClusterKind } from "./clusterConfig";

const loopback = blocks(["127.0.0.0/8", "0.0.0.0/32"], ["::1/128", "::/128"]);

/** RFC 1918, RFC 4193 and link-local: where the machines are that minikube's and kind's drivers start. */
const machineLocal = blocks(
  ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"],
  ["fc00::/7", "fe80::/10"],
);

/** What minikube calls its API server in the hosts file. */
const minikubeName = "control-plane.minikube.internal";

/** Names of this machine, as Docker Desktop and the hosts file have them. */
const loopbackNames = /(^|\.)localhost$|^(host|kubernetes)\.docker\.internal$/;

/** @returns whether a host, without brackets, is this machine itself. */
export function isLoopback(host: string): boolean {
  return loopbackNames.test(host) || isIn(loopback, host);
}

/**
 * @returns whether an API server of this kind of local cluster can be at this host. kind publishes it on this machine, at whichever
 * address `apiServerAddress` says; minikube's machines have private addresses, unless their ports are published on this machine.
 * @param own Addresses of this machine.
 */
export function isAddressOf(
  kind: Exclude<ClusterKind, "remote">,
  host: string | undefined,
  own: readonly string[] = ownAddresses(),
): boolean {
  if (host === undefined) {
    return false;
  }
  if (isLoopback(host)) {
    return true;
  }
  return kind === "kind" ? own.includes(host) : isIn(machineLocal, host) || host === minikubeName;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? "ipv6" : "ipv4");
}

function blocks(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  const add = (type: "ipv4" | "ipv6") => (block: string) => {
    const [address = "", bits] = block.split("/");
    list.addSubnet(address, Number(bits), type);
  };
  v4.forEach(add("ipv4"));
  v6.forEach(add("ipv6"));
  return list;
}
