import { run, tryRun } from "../system/run";
import { network } from "./settings";

const families = ["iptables", "ip6tables"] as const;

/** Chains that kube-proxy, kubelet, the portmap plugin and the sandbox itself make. */
const OURS = /^(KUBE-|CNI-|MESH-SANDBOX-)/;

const GUARD = "MESH-SANDBOX-GUARD";
const FORWARD = "MESH-SANDBOX-FWD";
const LOCAL = "MESH-SANDBOX-OUT";
const MASQUERADE = "MESH-SANDBOX-MASQ";

/** The rules that come with the bridge, in iptables-restore's language. Pure. */
export function bridgeRules(): string {
  const { bridge, block, pods, services } = network;
  // Between two of its changes kube-proxy neither refuses nor translates what is for a Service. It would leave the machine, and whoever
  // answers there could be taken for the Service for as long as the connection is kept.
  const untranslated = `-d ${services} -j REJECT`;
  return [
    "*raw",
    `:${GUARD} - [0:0]`,
    // Linux answers on every address it has, whichever interface asks. What is for the cluster may only come from this
    // machine or from the cluster itself.
    `-A ${GUARD} -i lo -j RETURN`,
    `-A ${GUARD} -i ${bridge} -j RETURN`,
    `-A ${GUARD} -j DROP`,
    `-A PREROUTING -d ${block} -j ${GUARD}`,
    "COMMIT",
    "*filter",
    `:${FORWARD} - [0:0]`,
    `:${LOCAL} - [0:0]`,
    `-A ${FORWARD} ${untranslated}`,
    `-A ${LOCAL} ${untranslated}`,
    `-A ${FORWARD} -i ${bridge} -j ACCEPT`,
    `-A ${FORWARD} -o ${bridge} -j ACCEPT`,
    `-A FORWARD -j ${FORWARD}`,
    `-A OUTPUT -j ${LOCAL}`,
    "COMMIT",
    "*nat",
    `:${MASQUERADE} - [0:0]`,
    `-A ${MASQUERADE} -s ${pods} ! -d ${block} -j MASQUERADE`,
    `-A POSTROUTING -j ${MASQUERADE}`,
    "COMMIT",
    "",
  ].join("\n");
}

/** Names of chains, with their table, that are the sandbox's kind. Pure. */
export function ourChains(saved: string): string[] {
  return tables(saved).flatMap(({ table, lines }) =>
    lines
      .map((line) => /^:(\S+)/.exec(line)?.[1])
      .filter((chain) => chain !== undefined && OURS.test(chain))
      .map((chain) => `${table} ${chain}`),
  );
}

/**
 * What undoes the sandbox's rules, for `iptables-restore --noflush`: the jumps into its chains from others, then the chains.
 * Chains in `before` were there already and stay. Pure.
 */
export function removal(saved: string, before: readonly string[] = []): string {
  return tables(saved)
    .map(({ table, lines }) => {
      const chains = ourChains([`*${table}`, ...lines].join("\n"))
        .filter((chain) => !before.includes(chain))
        .map((chain) => chain.slice(table.length + 1));
      const jumps = lines.filter((line) => {
        const from = /^-A (\S+)/.exec(line)?.[1];
        const to = / -[jg] (\S+)/.exec(line)?.[1];
        return from && to && !chains.includes(from) && chains.includes(to);
      });
      const commands = [
        ...jumps.map((line) => line.replace(/^-A/, "-D")),
        ...chains.map((chain) => `-F ${chain}`),
        ...chains.map((chain) => `-X ${chain}`),
      ];
      return commands.length > 0 ? [`*${table}`, ...commands, "COMMIT", ""].join("\n") : "";
    })
    .join("");
}

function tables(saved: string): { table: string; lines: string[] }[] {
  const found: { table: string; lines: string[] }[] = [];
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) {
      found.push({ table: line.slice(1), lines: [] });
    } else {
      found.at(-1)?.lines.push(line);
    }
  }
  return found;
}

/** Chains of the sandbox's kind that exist now. */
export async function existingChains(): Promise<string[]> {
  const saved = await Promise.all(families.map((family) => tryRun(`${family}-save`, [])));
  return saved.flatMap(({ stdout }, index) => ourChains(stdout).map((chain) => `${families[index]} ${chain}`));
}

/** Makes the bridge's rules, unless they are there. */
export async function ensureBridgeRules(): Promise<void> {
  const saved = await run("iptables-save", []);
  const chains = ourChains(saved);
  const wanted = { [GUARD]: "raw", [FORWARD]: "filter", [LOCAL]: "filter", [MASQUERADE]: "nat" };
  const complete = Object.entries(wanted).every(
    ([chain, table]) => chains.includes(`${table} ${chain}`) && saved.includes(`-j ${chain}`),
  );
  if (!complete) {
    const mine = saved.replace(/^:(KUBE-|CNI-).*\n/gm, "");
    await run("iptables-restore", ["--noflush"], { input: removal(mine) + bridgeRules() });
  }
}

/** Removes every chain of the sandbox's kind that was not there before it, and the jumps into them. */
export async function removeRules(before: readonly string[]): Promise<void> {
  for (const family of families) {
    const { code, stdout } = await tryRun(`${family}-save`, []);
    const commands = removal(
      stdout,
      before.filter((chain) => chain.startsWith(`${family} `)).map((chain) => chain.slice(family.length + 1)),
    );
    if (code === 0 && commands) {
      await run(`${family}-restore`, ["--noflush"], { input: commands });
    }
  }
}
