import { writeFile } from "node:fs/promises";
import { run, tryRun } from "../system/run";
import { ensureBridgeRules } from "./firewall";
import { network } from "./settings";

/** Whether packets that cross a bridge pass the firewall. Absent when the kernel lacks br_netfilter. */
export const BRIDGE_FILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** Makes the bridge that is the node's own network, and its firewall rules. Leaves alone what is there. */
export async function ensureBridge(): Promise<void> {
  const { bridge, node, prefixLength } = network;
  if ((await tryRun("ip", ["link", "show", "dev", bridge])).code !== 0) {
    await run("ip", ["link", "add", "name", bridge, "type", "bridge"]);
  }
  // The rules come before the address: there is no moment in which others can reach it.
  await ensureBridgeRules();
  await run("ip", ["address", "replace", `${node}/${prefixLength}`, "dev", bridge]);
  await run("ip", ["link", "set", "dev", bridge, "up"]);
  // Pods reach each other over the bridge alone; without this, answers to a service's address would not be translated back.
  await writeFile(BRIDGE_FILTER, "1");
}

/** Deletes the bridge and every interface that is still plugged into it. */
export async function removeBridge(): Promise<void> {
  const { stdout } = await tryRun("ip", ["-j", "link", "show", "master", network.bridge]);
  const ports = stdout.trim() ? (JSON.parse(stdout) as { ifname?: string }[]) : [];
  for (const { ifname } of ports) {
    if (ifname) {
      await tryRun("ip", ["link", "delete", "dev", ifname]);
    }
  }
  await tryRun("ip", ["link", "delete", "dev", network.bridge]);
  // Connections that were tracked for addresses nobody has any more.
  await Promise.all(["-s", "-d"].map((side) => tryRun("conntrack", ["-D", side, network.block])));
}
