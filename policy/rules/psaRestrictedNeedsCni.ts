import { asksForSidecars } from "../mesh/injection";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { cni } from "../sources";

const label = "pod-security.kubernetes.io/enforce";

/** Restricted namespaces take injected pods only with the CNI plugin. */
export const psaRestrictedNeedsCni = rule({
  name: "psa-restricted-needs-cni",
  description: "A namespace that enforces the baseline or restricted standard and is injected has Istio's CNI plugin.",
  rationale:
    "Without the plugin each pod gets an init container with NET_ADMIN, which these standards refuse: no pod starts.",
  fix: "Install Istio's cni chart and set `pilot.cni.enabled` for istiod.",
  level: "advisory",
  codes: [],
  source: cni,
  check({ mesh, each, report }) {
    if (mesh.cni || mesh.injectors.length === 0) {
      return;
    }
    each(mesh.namespaces, (namespace) => {
      const standard = namespace.labels[label];
      if ((standard === "restricted" || standard === "baseline") && asksForSidecars(namespace)) {
        report(namespace, {
          field: keyed("metadata.labels", label),
          message: `It enforces the ${standard} standard, which refuses the init container that sets up each sidecar.`,
          fix: "Install Istio's CNI plugin, which needs no such container.",
        });
      }
    });
  },
});
