import { destinationsOf } from "../mesh/routes";
import { rule } from "../rule";
import { trafficPractices } from "../sources";

/** Subsets are there before routes name them. */
export const subsetRuleBeforeRoute = rule({
  name: "subset-rule-before-route",
  description: "A VirtualService that names a subset depends on the DestinationRule that defines it.",
  rationale:
    "Until the DestinationRule is there, the route's requests fail with 503; on destroy it has to go after the route.",
  fix: "Give the VirtualService `dependsOn` the DestinationRule.",
  level: "advisory",
  codes: [],
  source: trafficPractices,
  check({ mesh, each, report }) {
    if (!mesh.ordered) {
      return;
    }
    each(mesh.virtualServices, (route) => {
      for (const { destination, field } of destinationsOf(route)) {
        const { host = "", subset } = destination;
        if (subset === undefined) {
          continue;
        }
        const definitions = mesh
          .rulesFor(host, route.namespace)
          .filter((one) => one.fields.spec?.subsets?.some(({ name }) => name === subset));
        const waits = definitions.some(({ urn }) => urn === undefined || route.dependencies.includes(urn));
        if (definitions.length > 0 && !waits) {
          report(route, {
            field: `${field}.subset`,
            message: `It does not depend on DestinationRule ${definitions[0]!.namespace}/${definitions[0]!.name}, which defines subset ${subset}.`,
            fix: "Add the DestinationRule to its dependsOn.",
          });
        }
      }
    });
  },
});
