import { asksForSidecars, ignoredNamespaces, injectLabel } from "../mesh/injection";
import { rule } from "../rule";
import { injection } from "../sources";

/** Pods on the node's network are outside the mesh. */
export const hostNetworkBypassesMesh = rule({
  name: "host-network-bypasses-mesh",
  description: "A workload in a namespace of the mesh does not use the node's network.",
  rationale: "The injector leaves pods with hostNetwork alone: redirecting their traffic would redirect the node's.",
  fix: 'Give the pod its own network, or state the exception with `sidecar.istio.io/inject: "false"`.',
  level: "advisory",
  codes: [],
  source: injection,
  check({ mesh, each, report }) {
    each(mesh.workloads, ({ resource, spec, namespace, labels, prefix }) => {
      const declared = mesh.namespace(namespace);
      const wanted = declared === undefined ? labels[injectLabel] === "true" : asksForSidecars(declared);
      if (
        spec.hostNetwork === true &&
        wanted &&
        labels[injectLabel] !== "false" &&
        !ignoredNamespaces.includes(namespace)
      ) {
        report(resource, {
          field: `${prefix}spec.hostNetwork`,
          message: "Its pods use the node's network, so they are never injected and their traffic passes the mesh by.",
          fix: `Remove hostNetwork, or label the pods with ${injectLabel}: "false" to say that it is meant.`,
        });
      }
    });
  },
});
