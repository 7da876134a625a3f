import { injectLabel, namespaceLabel, revisionInstalled, revisionLabel } from "../mesh/injection";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { revisions } from "../sources";

/** Revisions that are asked for are installed. */
export const revisionExists = rule({
  name: "revision-exists",
  description: "A revision of Istio that a namespace or a pod asks for is installed or tagged.",
  rationale: "No webhook answers to a revision that nobody installs: pods start without a sidecar and nothing says so.",
  fix: "Install the revision, tag an installed one with that name, or add it to the setting `revisions`.",
  level: "mandatory",
  codes: ["KIA1316"],
  source: revisions,
  check({ mesh, settings, each, report }) {
    const installed = [
      ...mesh.injectors.flatMap(({ revision, tags }) => [revision, ...tags]),
      ...settings.revisions,
    ].join(", ");
    const fix = `Use one of those that are installed (${installed}), or add it to the setting revisions.`;
    each(mesh.namespaces, (namespace) => {
      const { labels } = namespace;
      const enabled = labels[namespaceLabel];
      const revision = enabled === "enabled" ? "default" : enabled === undefined ? labels[revisionLabel] : undefined;
      if (revision !== undefined && revisionInstalled(mesh, revision, settings) === false) {
        report(namespace, {
          field: keyed("metadata.labels", enabled === undefined ? revisionLabel : namespaceLabel),
          message: `It asks for ${enabled === undefined ? `revision ${revision}` : "the default revision"} of Istio, which is not installed.`,
          fix,
        });
      }
    });
    each(mesh.workloads, ({ resource, labels, prefix, namespace }) => {
      const revision = labels[revisionLabel];
      const declared = mesh.namespace(namespace)?.labels ?? {};
      const decides = declared[namespaceLabel] === undefined && declared[revisionLabel] === undefined;
      if (
        revision !== undefined &&
        decides &&
        labels[injectLabel] !== "false" &&
        revisionInstalled(mesh, revision, settings) === false
      ) {
        report(resource, {
          field: keyed(`${prefix}metadata.labels`, revisionLabel),
          message: `Its pods ask for revision ${revision} of Istio, which is not installed.`,
          fix,
        });
      }
    });
  },
});
