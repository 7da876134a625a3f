import { existsSync, readFileSync } from "node:fs";

/** Name servers in a resolv.conf that a pod can reach: not those on the machine's loopback. Pure. */
export function reachableNameservers(resolvConf: string): string[] {
  return resolvConf
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined)
    .filter((address) => !address.startsWith("127.") && address !== "::1");
}

/**
 * The resolv.conf that pods without cluster names are given. systemd-resolved's own has the real name servers where
 * /etc/resolv.conf only points to its local stub. Undefined when there is none a pod could use.
 */
export function podResolvConf(): string | undefined {
  return ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"].find(
    (file) => existsSync(file) && reachableNameservers(readFileSync(file, "utf8")).length > 0,
  );
}
