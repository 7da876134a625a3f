import { hostsMatch, serverHostsFor } from "../mesh/hosts";
import type { Resource } from "../mesh/resource";
import { gatewayReference, isGenerated, meshGateway } from "../mesh/routes";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Gateways open the hosts of the routes that bind to them. */
export const gatewayHostMatches = rule({
  name: "gateway-host-matches",
  description: "A VirtualService's hosts are among those that its gateway opens for its namespace.",
  rationale: "The gateway answers 404 for a host that none of its servers opens to the route's namespace.",
  fix: "Add the host to a server of the gateway, or open the server's host to the namespace.",
  level: "mandatory",
  codes: ["IST0132"],
  source: analysis("IST0132"),
  check({ mesh, each, report }) {
    each(mesh.virtualServices, (route) => {
      const { gateways = [], hosts = [] } = route.fields.spec ?? {};
      gateways.forEach((reference, i) => {
        const { namespace, name } = gatewayReference(reference, route.namespace);
        const found =
          reference === meshGateway ? undefined : mesh.find("Gateway", "networking.istio.io", namespace, name);
        if (reference === meshGateway || isGenerated(name)) {
          return;
        }
        const gateway = found as Resource<"Gateway"> | undefined;
        const open = (gateway?.fields.spec?.servers ?? []).flatMap((server) => server.hosts ?? []);
        const visible = gateway === undefined ? [] : serverHostsFor(open, gateway.namespace, route.namespace);
        if (!visible.some((one) => hosts.some((host) => hostsMatch(one, host)))) {
          report(route, {
            field: `spec.gateways[${i}]`,
            message: `Gateway ${namespace}/${name} opens none of the hosts ${hosts.join(", ")} to namespace ${route.namespace}${gateway === undefined ? ", for it is not declared" : `: it opens ${open.join(", ") || "none"}`}.`,
            fix: "Add one of the hosts to a server of the gateway, or correct the hosts.",
          });
        }
      });
    });
  },
});
