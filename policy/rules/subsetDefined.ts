import { fqdn } from "../mesh/hosts";
import { destinationsOf } from "../mesh/routes";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Routes name subsets that are defined. */
export const subsetDefined = rule({
  name: "subset-defined",
  description: "A subset that a route names is defined by a DestinationRule for its host.",
  rationale: "A subset that no DestinationRule defines has no endpoints: every request of the route fails with 503.",
  fix: "Define the subset in a DestinationRule for the same host, or correct its name.",
  level: "mandatory",
  codes: ["IST0101", "KIA1107"],
  source: analysis("IST0101"),
  check({ mesh, each, report }) {
    each(mesh.virtualServices, (route) => {
      for (const { destination, field } of destinationsOf(route)) {
        const { host = "", subset } = destination;
        if (subset === undefined || subset === "") {
          continue;
        }
        const rules = mesh.rulesFor(host, route.namespace);
        const defined = rules.flatMap((one) => (one.fields.spec?.subsets ?? []).map(({ name }) => name));
        if (!defined.includes(subset)) {
          const names = defined.length === 0 ? "" : `: they define ${defined.join(", ")}`;
          report(route, {
            field: `${field}.subset`,
            message: `The route names subset ${subset} of ${host}, which ${rules.length === 0 ? `no DestinationRule for ${fqdn(host, route.namespace)} defines` : `its DestinationRules do not define${names}`}.`,
            fix: `Define the subset ${subset}, or correct the name.`,
          });
        }
      }
    });
  },
});
