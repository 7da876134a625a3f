import { fqdn, serviceOf } from "../mesh/hosts";
import { destinationsOf } from "../mesh/routes";
import { matchesGlob } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Routes lead to hosts and ports that are there. */
export const routeDestinationExists = rule({
  name: "route-destination-exists",
  description: "A route's destination is a Service or ServiceEntry that the route can see, and names one of its ports.",
  rationale: "A route to a host or a port that the mesh does not know answers every request with 503.",
  fix: "Name a host that exists, declare it as a ServiceEntry, or add it to the setting `externalHosts`.",
  level: "mandatory",
  codes: ["IST0101", "IST0112", "KIA1101"],
  source: analysis("IST0101"),
  check({ mesh, settings, each, report, missing }) {
    const declared = mesh.services.length + mesh.serviceEntries.length > 0;
    each(mesh.virtualServices, (route) => {
      for (const { destination, field, mirror } of destinationsOf(route)) {
        const { host, port } = destination;
        if (host === undefined || settings.externalHosts.some((pattern) => matchesGlob(pattern, host))) {
          continue;
        }
        const known = mesh.host(host, route.namespace);
        if (known === undefined) {
          const full = fqdn(host, route.namespace);
          const namespace = serviceOf(full)?.namespace;
          if (namespace !== undefined && (mesh.isOpaque(namespace) || mesh.isOpaque("*"))) {
            continue;
          }
          missing(declared, route, {
            field: `${field}.host`,
            message: `The ${mirror ? "mirror" : "route"} leads to the host ${host}${host === full ? "" : ` (${full})`}, which no Service or ServiceEntry declares.`,
            fix: "Correct the host, declare it, or add it to the setting externalHosts.",
          });
          continue;
        }
        const numbers = known.ports.map(({ number }) => number);
        if (port?.number === undefined && numbers.length > 1) {
          report(route, {
            field: `${field}.host`,
            message: `The host ${host} has several ports (${numbers.join(", ")}), and the route names none of them.`,
            fix: `Set ${field}.port.number.`,
            code: "IST0112",
          });
        } else if (port?.number !== undefined && !numbers.includes(port.number)) {
          report(route, {
            field: `${field}.port.number`,
            message: `The host ${host} has no port ${port.number}: it has ${numbers.join(", ") || "none"}.`,
            fix: `Use one of its ports (the Service's port, not the target port).`,
          });
        }
      }
    });
  },
});
