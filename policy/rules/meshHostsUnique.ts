import { exportScopes, fqdn, hostsMatch } from "../mesh/hosts";
import { fullName, type Resource } from "../mesh/resource";
import { appliesToMesh } from "../mesh/routes";
import { rule } from "../rule";
import { analysis } from "../sources";

type Route = Resource<"VirtualService">;

/** Each host has one VirtualService inside the mesh. */
export const meshHostsUnique = rule({
  name: "mesh-hosts-unique",
  description: "No two VirtualServices of the mesh have the same host where both are seen.",
  rationale: "Sidecars do not merge VirtualServices: one of them is used, the other is not, and which may change.",
  fix: "Merge their rules into one VirtualService, or limit each with `exportTo`.",
  level: "mandatory",
  codes: ["IST0109", "KIA1106"],
  source: analysis("IST0109"),
  check({ mesh, each, report }) {
    /** By host, and within it by the namespace that sees it. */
    const routes = new Map<string, Map<string, Set<Route>>>();
    const wildcards = new Set<string>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], exportTo } = route.fields.spec ?? {};
      if (!appliesToMesh(route)) {
        return;
      }
      for (const host of hosts.map((one) => fqdn(one, route.namespace))) {
        const scopes = routes.get(host) ?? new Map<string, Set<Route>>();
        routes.set(host, scopes);
        if (host.startsWith("*")) {
          wildcards.add(host);
        }
        for (const scope of exportScopes(exportTo, route.namespace)) {
          scopes.set(scope, (scopes.get(scope) ?? new Set()).add(route));
        }
      }
    });
    const reported = new Set<Route>();
    for (const [host, scopes] of routes) {
      for (const [scope, here] of scopes) {
        const rivals = new Set(here);
        if (scope !== "*") {
          // What all namespaces see meets what this one sees; there, wildcards count as well.
          const similar = host.startsWith("*") ? [...routes.keys()] : [host, ...wildcards];
          for (const other of similar.filter((one) => hostsMatch(host, one))) {
            routes
              .get(other)
              ?.get("*")
              ?.forEach((route) => rivals.add(route));
          }
        }
        if (rivals.size < 2) {
          continue;
        }
        const names = [...rivals].map(fullName).sort().join(", ");
        for (const route of rivals) {
          if (!reported.has(route)) {
            reported.add(route);
            const at = (route.fields.spec?.hosts ?? []).findIndex((one) =>
              hostsMatch(fqdn(one, route.namespace), host),
            );
            report(route, {
              field: at < 0 ? "spec.hosts" : `spec.hosts[${at}]`,
              message: `The VirtualServices ${names} all route ${host} inside the mesh, so only one of them is used.`,
              fix: "Merge them into one VirtualService.",
            });
          }
        }
      }
    }
  },
});
