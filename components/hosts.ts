/** End of the full name of each Service. */
const serviceDomain = ".svc.cluster.local";

/** @returns a Service's full name: Istio knows it by this in every namespace. */
export function serviceHost(service: string, namespace: string): string {
  return `${service}.${namespace}${serviceDomain}`;
}

/** @returns whether a host is the full name of a Service. */
export function isServiceHost(host: string): boolean {
  return host.endsWith(serviceDomain);
}

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
