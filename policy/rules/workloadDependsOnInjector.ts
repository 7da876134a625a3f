import { simulateInjection } from "../mesh/injection";
import { rule } from "../rule";
import { injectionProblems } from "../sources";

/** Injected workloads wait for the injector and for their namespace. */
export const workloadDependsOnInjector = rule({
  name: "workload-depends-on-injector",
  description: "A workload that is to be injected depends on istiod and on its namespace.",
  rationale:
    "The injector changes pods as they are created. Pods that are created before it is ready run without a sidecar " +
    "until someone restarts them, and on destroy the injector may go first and leave them stuck.",
  fix: "Give the workload `dependsOn: [istiod, namespace]`, or take its namespace's name from the namespace resource.",
  level: "mandatory",
  codes: [],
  source: injectionProblems,
  check({ mesh, settings, each, report }) {
    const injectorUrns = mesh.injectors.flatMap(({ urn }) => urn ?? []);
    if (!mesh.ordered || injectorUrns.length === 0) {
      return;
    }
    const reached = new Map<string, Set<string>>();
    /** What a resource waits for, directly or through others. */
    const waitsFor = (urns: readonly string[]): Set<string> => {
      const all = new Set<string>();
      for (const urn of urns) {
        if (!all.has(urn)) {
          all.add(urn);
          const known = reached.get(urn) ?? waitsFor(mesh.byUrn(urn)?.dependencies ?? []);
          reached.set(urn, known);
          known.forEach((one) => all.add(one));
        }
      }
      return all;
    };
    each(mesh.workloads, (workload) => {
      const { resource, namespace } = workload;
      if (resource.urn === undefined || simulateInjection(mesh, workload, settings).cause !== "injected") {
        return;
      }
      const all = waitsFor(resource.dependencies);
      if (!injectorUrns.some((urn) => all.has(urn))) {
        report(resource, {
          field: "metadata",
          message:
            "It does not depend on istiod, so its pods may start before the injector and stay without a sidecar.",
          fix: "Add the release of istiod to its dependsOn.",
        });
      }
      const declared = mesh.namespace(namespace);
      if (declared?.urn !== undefined && !all.has(declared.urn)) {
        report(resource, {
          field: "metadata.namespace",
          message: `It does not depend on its namespace ${namespace}, so it may be created before its injection label.`,
          fix: "Take the namespace's name from the namespace resource, or add it to its dependsOn.",
        });
      }
    });
  },
});
