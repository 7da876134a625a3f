import { fullName } from "../mesh/resource";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Rules of the mesh do not hold at the gateway. */
export const ingressSubsetEffective = rule({
  name: "ingress-subset-effective",
  description: "A gateway's route to a host whose mesh route chooses subsets chooses a subset itself.",
  rationale:
    "A gateway follows its own VirtualService only. What the host's VirtualService says for the mesh, such as which " +
    "version gets how much, does not hold for requests that come through the gateway.",
  fix: "Repeat the subset in the gateway's route.",
  level: "advisory",
  codes: ["IST0140"],
  source: analysis("IST0140"),
  check({ mesh, each, report }) {
    const choosing = new Map<string, Set<string>>();
    each(mesh.virtualServices, (route) => {
      const { hosts = [], http = [] } = route.fields.spec ?? {};
      for (const { destination } of http.flatMap((one) => one.route ?? [])) {
        if (destination?.subset && destination.host !== undefined && hosts.includes(destination.host)) {
          choosing.set(destination.host, (choosing.get(destination.host) ?? new Set()).add(fullName(route)));
        }
      }
    });
    each(mesh.virtualServices, (route) => {
      const { gateways = [], http = [] } = route.fields.spec ?? {};
      http.forEach((one, i) =>
        one.route?.forEach(({ destination }, j) => {
          const ignored = destination?.subset ? undefined : choosing.get(destination?.host ?? "");
          if (gateways.length > 0 && ignored !== undefined) {
            report(route, {
              field: `spec.http[${i}].route[${j}].destination`,
              message: `Requests through ${gateways.join(", ")} do not follow the subsets that ${[...ignored].join(", ")} chooses for ${destination?.host}.`,
              fix: "Name the subset in this route as well.",
            });
          }
        }),
      );
    });
  },
});
