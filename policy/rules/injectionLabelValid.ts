import { namespaceLabel } from "../mesh/injection";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { injection } from "../sources";

/** The namespace label has a value that means something. */
export const injectionLabelValid = rule({
  name: "injection-label-valid",
  description: "The namespace label istio-injection is `enabled` or `disabled`.",
  rationale:
    'The webhook compares the value exactly. `istio-injection: "true"` or `Enabled` reads as if it switched injection ' +
    "on, but switches it off, and it keeps an istio.io/rev label from working too.",
  fix: "Write `istio-injection: enabled`.",
  level: "mandatory",
  codes: [],
  source: injection,
  check({ mesh, each, report }) {
    each(mesh.namespaces, (namespace) => {
      const value = namespace.labels[namespaceLabel];
      if (value !== undefined && value !== "enabled" && value !== "disabled") {
        report(namespace, {
          field: keyed("metadata.labels", namespaceLabel),
          message: `The label ${namespaceLabel}: ${JSON.stringify(value)} switches injection off: only "enabled" switches it on.`,
          fix: 'Write "enabled", or "disabled" if that is meant.',
        });
      }
    });
  },
});
