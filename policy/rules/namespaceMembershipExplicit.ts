import { ambientLabel, ignoredNamespaces, namespaceLabel, revisionLabel } from "../mesh/injection";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Namespaces say whether they are in the mesh. */
export const namespaceMembershipExplicit = rule({
  name: "namespace-membership-explicit",
  description: "A namespace says whether it is in the mesh, by istio-injection or istio.io/rev.",
  rationale:
    "A namespace that says neither is out of the mesh by default, which nobody can tell from one that was forgotten.",
  fix: "Label it `istio-injection: enabled`, or `istio-injection: disabled` where that is meant.",
  level: "advisory",
  codes: ["IST0102", "IST0148"],
  source: analysis("IST0102"),
  check({ mesh, each, report }) {
    const byDefault = mesh.injectors.some(({ enableNamespacesByDefault }) => enableNamespacesByDefault);
    each(mesh.namespaces, (namespace) => {
      const { labels, name } = namespace;
      const says = [namespaceLabel, revisionLabel].some((label) => labels[label]) || labels[ambientLabel] === "ambient";
      if (says || name === mesh.rootNamespace || ignoredNamespaces.includes(name)) {
        return;
      }
      report(namespace, {
        field: "metadata.labels",
        message: byDefault
          ? "It says nothing of injection, and Istio is installed to inject such namespaces."
          : "It says nothing of injection, so its pods run outside the mesh.",
        fix: "Label it istio-injection: enabled, or disabled if that is meant.",
        code: byDefault ? "IST0148" : "IST0102",
      });
    });
  },
});
