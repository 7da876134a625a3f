import { injectLabel } from "../mesh/injection";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { injection } from "../sources";

/** The value of the inject label is one that the injector reads. */
export const injectValueExact = rule({
  name: "inject-value-exact",
  description: 'The label or annotation sidecar.istio.io/inject is exactly "true" or "false".',
  rationale:
    'Any other value counts as none. A pod that says `inject: "False"` in an enabled namespace gets its sidecar all the ' +
    'same, and one that says `"yes"` elsewhere gets none.',
  fix: 'Write "true" or "false", in quotes and lower case.',
  level: "mandatory",
  codes: [],
  source: injection,
  check({ mesh, each, report }) {
    each(mesh.workloads, ({ resource, prefix, labels, annotations }) => {
      for (const [where, map] of [
        ["labels", labels],
        ["annotations", annotations],
      ] as const) {
        const value = map[injectLabel];
        if (value !== undefined && value !== "true" && value !== "false") {
          report(resource, {
            field: keyed(`${prefix}metadata.${where}`, injectLabel),
            message: `${injectLabel} is ${JSON.stringify(value)}, which the injector takes for no answer.`,
            fix: `Write "${/^(1|y|yes|on|t|true|enabled?)$/i.test(value) ? "true" : "false"}".`,
          });
        }
      }
    });
  },
});
