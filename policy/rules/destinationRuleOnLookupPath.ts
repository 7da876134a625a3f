import { fqdn, serviceOf } from "../mesh/hosts";
import { rule } from "../rule";
import { trafficPractices } from "../sources";

/** DestinationRules stand where all clients look. */
export const destinationRuleOnLookupPath = rule({
  name: "destination-rule-on-lookup-path",
  description: "A DestinationRule stands in the namespace of its service, or in the root namespace.",
  rationale:
    "A client's sidecar looks in its own namespace, then the service's, then the root namespace. A rule that stands " +
    "elsewhere holds for clients of that namespace alone.",
  fix: "Move the rule to the service's namespace.",
  level: "advisory",
  codes: ["KIA0209"],
  source: trafficPractices,
  check({ mesh, each, report }) {
    each(mesh.destinationRules, (rule) => {
      const { host = "" } = rule.fields.spec ?? {};
      const of = serviceOf(fqdn(host, rule.namespace))?.namespace;
      if (of !== undefined && of !== "*" && of !== rule.namespace && rule.namespace !== mesh.rootNamespace) {
        report(rule, {
          field: "metadata.namespace",
          message: `It is for a service of namespace ${of} but stands in ${rule.namespace}, so only clients of ${rule.namespace} find it.`,
          fix: `Move it to namespace ${of}.`,
        });
      }
    });
  },
});
