/** What a namespace sees: Sidecars and exportTo. */
import { exportScopes, fqdn, hostsMatch, serviceOf } from "../mesh/hosts";
import type { Mesh } from "../mesh/mesh";
import { fullName, type Resource } from "../mesh/resource";
import { appliesToMesh, bindingsOf, destinationsOf } from "../mesh/routes";
import { isEmpty, matchesGlob } from "../mesh/selectors";
import { eachOf, rule } from "../rule";

/** A host that a Sidecar opens, with the namespaces that it may be in. */
function egressHost(host: string, namespace: string): { scope: string; name: string } {
  const slash = host.indexOf("/");
  const scope = slash < 0 ? "*" : host.slice(0, slash);
  return { scope: scope === "." ? namespace : scope, name: host.slice(slash + 1) };
}

/** The Sidecar without a selector that holds for a namespace: its own, or that of the root namespace. */
function sidecarOf(mesh: Mesh, namespace: string): Resource<"Sidecar"> | undefined {
  const defaults = mesh.once("default Sidecars", () => {
    const found = new Map<string, Resource<"Sidecar">>();
    for (const one of mesh.of("Sidecar")) {
      if (isEmpty(one.fields.spec?.workloadSelector?.labels)) {
        found.set(one.namespace, one);
      }
    }
    return found;
  });
  return defaults.get(namespace) ?? defaults.get(mesh.rootNamespace);
}

export const sidecarEgressKnown = rule({
  name: "sidecar-egress-known",
  description: "The hosts of a Sidecar's egress are declared, and hold the destinations of its namespace's routes.",
  rationale:
    "A host that is not there opens nothing. Proxies under the Sidecar lack the clusters of all other hosts: a route that leads to one " +
    "answers 502 or 404.",
  fix: "Correct the host, or add the destination to the egress hosts.",
  codes: ["KIA1005"],
  source: "reference/config/networking/sidecar/",
  check({ mesh, settings, each, report, missing }) {
    const declared = mesh.declaresHosts;
    each(mesh.of("Sidecar"), (sidecar) => {
      sidecar.fields.spec?.egress?.forEach(({ hosts = [] }, i) =>
        hosts.forEach((host, j) => {
          const { scope, name } = egressHost(host, sidecar.namespace);
          const external = settings.externalHosts.some((pattern) => matchesGlob(pattern, name));
          if (!host.includes("/") || scope === "~" || scope === "*" || name.includes("*") || name === "" || external) {
            return;
          }
          const found = mesh.host(name, scope);
          const of = found && serviceOf(fqdn(name, scope))?.namespace;
          if (found === undefined || (of !== undefined && of !== scope)) {
            missing(declared && !mesh.mayBeMade(scope), sidecar, {
              field: `spec.egress[${i}].hosts[${j}]`,
              message:
                found === undefined
                  ? `${host} opens nothing: no Service or ServiceEntry of namespace ${scope} has the host ${name}.`
                  : `${host} opens nothing: ${name} is in namespace ${of}.`,
              fix: found === undefined ? "Correct the host." : `Write ${of}/${name}.`,
            });
          }
        }),
      );
    });
    each(mesh.virtualServices, (route) => {
      const sidecar = appliesToMesh(route) ? sidecarOf(mesh, route.namespace) : undefined;
      const egress = sidecar?.fields.spec?.egress ?? [];
      if (sidecar === undefined || egress.length === 0) {
        return;
      }
      const open = egress.flatMap(({ hosts = [] }) => hosts).map((host) => egressHost(host, route.namespace));
      for (const { destination, field } of destinationsOf(route)) {
        const full = fqdn(destination.host ?? "", route.namespace);
        const host = mesh.host(full, route.namespace);
        const of = host?.resource.namespace;
        const seen = open.some(({ scope, name }) => (scope === "*" || scope === of) && hostsMatch(name, full));
        if (of !== undefined && !seen) {
          report(route, {
            field: `${field}.host`,
            message: `Sidecar ${fullName(sidecar)} does not open ${full} to namespace ${route.namespace}: proxies there lack the cluster that the route leads to.`,
            fix: `Add ${of}/${full} to its egress hosts.`,
          });
        }
      }
    });
  },
});

export const gatewaySeesRoute = rule({
  name: "gateway-sees-route",
  description:
    "A VirtualService that binds to a gateway, and the Services that it leads to, are exported to the gateway's namespace.",
  rationale:
    "A gateway has only what is exported to the namespace of its pods: without the route it answers 404, without the Service 503.",
  fix: "Add the gateway's namespace to `exportTo`.",
  source: "reference/config/networking/virtual-service/",
  check: eachOf("VirtualService", (route, { mesh, report }) => {
    const { exportTo } = route.fields.spec ?? {};
    for (const { gateway, namespaces } of bindingsOf(mesh, route)) {
      for (const namespace of namespaces) {
        const hidden = (scopes: readonly string[]): boolean => !scopes.includes("*") && !scopes.includes(namespace);
        if (hidden(exportScopes(exportTo, route.namespace))) {
          report(route, {
            field: "spec.exportTo",
            message: `It is not exported to namespace ${namespace}, where the proxies of gateway ${fullName(gateway)} are: they answer 404.`,
            fix: `Add ${namespace} to exportTo, or leave exportTo out.`,
          });
          continue;
        }
        for (const { destination, field } of destinationsOf(route)) {
          const host = mesh.host(destination.host ?? "", route.namespace);
          if (host !== undefined && hidden(host.scopes)) {
            report(route, {
              field: `${field}.host`,
              message: `${host.resource.kind} ${fullName(host.resource)} is not exported to namespace ${namespace}, where the proxies of gateway ${fullName(gateway)} are: they answer 503.`,
              fix: `Export it to ${namespace}.`,
            });
          }
        }
      }
    }
  }),
});
