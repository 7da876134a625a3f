import { fqdn, serviceOf } from "../mesh/hosts";
import { matchesGlob } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

/** DestinationRules are for hosts that are there. */
export const destinationRuleHostKnown = rule({
  name: "destination-rule-host-known",
  description: "A DestinationRule's host is a Service or ServiceEntry of the mesh.",
  rationale:
    "A DestinationRule for a host that does not exist changes nothing: its subsets, TLS and limits are not there.",
  fix: "Correct the host, or declare it.",
  level: "mandatory",
  codes: ["IST0174", "KIA0202"],
  source: analysis("IST0174"),
  check({ mesh, settings, each, missing }) {
    const declared = mesh.services.length + mesh.serviceEntries.length > 0;
    each(mesh.destinationRules, (rule) => {
      const { host } = rule.fields.spec ?? {};
      if (host === undefined || host === "" || settings.externalHosts.some((pattern) => matchesGlob(pattern, host))) {
        return;
      }
      const full = fqdn(host, rule.namespace);
      const namespace = serviceOf(full)?.namespace;
      const opaque = mesh.isOpaque("*") || (namespace !== undefined && mesh.isOpaque(namespace));
      // A wildcard over all services is a default for the mesh, not a reference to one of them.
      const broad = /^\*(\.local|\.cluster\.local|\.svc\.cluster\.local|\.[\w-]+\.svc\.cluster\.local)?$/.test(host);
      if (mesh.host(host, rule.namespace) === undefined && !opaque) {
        missing(declared && !broad, rule, {
          field: "spec.host",
          message: `No Service or ServiceEntry has the host ${host}${host === full ? "" : ` (${full})`}, so the rule has no effect.`,
          fix: "Correct the host, declare it, or add it to the setting externalHosts.",
        });
      }
    });
  },
});
