import { ambientLabel, namespaceLabel, revisionLabel } from "../mesh/injection";
import { rule } from "../rule";
import { analysis } from "../sources";

/** A namespace says in one way how it joins the mesh. */
export const injectionLabelsExclusive = rule({
  name: "injection-labels-exclusive",
  description: "A namespace carries one of istio-injection, istio.io/rev and istio.io/dataplane-mode.",
  rationale:
    "With more than one, istio-injection wins without a word: the other revision or ambient mode never happens.",
  fix: "Keep the label that is meant and remove the others.",
  level: "mandatory",
  codes: ["IST0123"],
  source: analysis("IST0123"),
  check({ mesh, each, report }) {
    each(mesh.namespaces, (namespace) => {
      const { labels } = namespace;
      const injection = labels[namespaceLabel];
      if (namespace.name === mesh.rootNamespace) {
        return;
      }
      // A namespace that is kept out of injection may well be in ambient mode or name a revision for its gateways.
      const others = [revisionLabel, ambientLabel].filter(
        (label) => labels[label] !== undefined && (injection === undefined || injection === "enabled"),
      );
      const all = [...(injection === undefined ? [] : [namespaceLabel]), ...others];
      if (all.length > 1) {
        report(namespace, {
          field: "metadata.labels",
          message: `It is labelled ${all.map((label) => `${label}=${labels[label]}`).join(" and ")}, which contradict each other.`,
          fix: `Keep one of ${all.join(", ")}.`,
        });
      }
    });
  },
});
