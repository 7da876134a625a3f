/**
 * @param hosts Hosts that the ingress gateway serves.
 * @param label First label of a name below a wildcard: of *.example.com any name will do.
 * @returns a host that a request has to name for the gateway to serve it; undefined where it serves any.
 */
export function servedHost(hosts: readonly string[], label: string): string | undefined {
  return hosts.includes("*") ? undefined : hosts[0]?.replace(/^\*/, label);
}

/** @returns whether the gateway serves requests that name this host. */
export function isServed(hosts: readonly string[], name: string): boolean {
  return hosts.some((host) => host === "*" || host === name || (host.startsWith("*.") && name.endsWith(host.slice(1))));
}
