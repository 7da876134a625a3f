import { isServed, servedHost } from "../components/hosts";

/** What is known of the gateway that is asked. */
export interface AskedGateway {
  /** URL at which it is reached, without a / at the end. */
  url: string;
  /** Hosts that it serves. */
  hosts: readonly string[];
  /** Its certificate is self-signed. */
  selfSigned?: boolean;
}

/**
 * @returns the curl command that asks the gateway for a path. Where the gateway is reached at an address that it does
 * not serve as a host, the command names a host and says where to connect to: so also TLS asks for the right
 * certificate.
 */
export function curl({ url, hosts, selfSigned }: AskedGateway, path: string): string {
  const at = URL.canParse(url) ? new URL(url) : undefined;
  const host = at && !isServed(hosts, at.hostname) ? servedHost(hosts, "demo") : undefined;
  const insecure = selfSigned ? ["--insecure"] : [];
  if (at === undefined || host === undefined) {
    return ["curl", ...insecure, url + path].join(" ");
  }
  const port = at.port || (at.protocol === "https:" ? "443" : "80");
  const named = `${at.protocol}//${host}${at.port && `:${at.port}`}`;
  return ["curl", ...insecure, "--connect-to", `${host}:${port}:${at.hostname}:${port}`, named + path].join(" ");
}
