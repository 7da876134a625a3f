/** Host names, as Istio resolves and compares them. */

/** What every service name of the cluster ends in. */
export const clusterSuffix = ".svc.cluster.local";

/** The full name of a host that a resource of a namespace names: short names mean services of that namespace. */
export function fqdn(host: string, namespace: string): string {
  return host.startsWith("*") || host.includes(".") ? host : `${host}.${namespace}${clusterSuffix}`;
}

/** The service that a full name stands for. */
export function serviceOf(host: string): { name: string; namespace: string } | undefined {
  if (!host.endsWith(clusterSuffix)) {
    return undefined;
  }
  const rest = host.slice(0, -clusterSuffix.length);
  const dot = rest.lastIndexOf(".");
  return dot <= 0 ? undefined : { name: rest.slice(0, dot), namespace: rest.slice(dot + 1) };
}

/** Whether two hosts, either of which may start with a wildcard, have a name in common. */
export function hostsMatch(a: string, b: string): boolean {
  const wildA = a.startsWith("*");
  const wildB = b.startsWith("*");
  if (wildA && wildB) {
    return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  }
  return wildA ? b.endsWith(a.slice(1)) : wildB ? a.endsWith(b.slice(1)) : a === b;
}

/** The namespaces that an `exportTo` list opens a resource of a namespace to: `*` for all. */
export function exportScopes(exportTo: readonly string[] | undefined, namespace: string): string[] {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes("*")) {
    return ["*"];
  }
  return [...new Set(exportTo.map((scope) => (scope === "." ? namespace : scope)))];
}

/**
 * The hosts of a gateway's server that a VirtualService of a namespace may bind to. A server can keep its hosts for one
 * namespace: `team/shop.example`, `./shop.example`, `*` + `/shop.example` for all.
 */
export function serverHostsFor(hosts: readonly string[], gatewayNamespace: string, namespace: string): string[] {
  return hosts.flatMap((host) => {
    const slash = host.indexOf("/");
    if (slash < 0) {
      return [host];
    }
    const scope = host.slice(0, slash);
    const open = scope === "*" || (scope === "." ? gatewayNamespace : scope) === namespace;
    return open ? [host.slice(slash + 1)] : [];
  });
}

/** Whether a host names a Service of all clusters that share their services, which need not be declared in this one. */
export function isMultiCluster(host: string): boolean {
  return host.endsWith(".svc.clusterset.local");
}
