import { asksForSidecars, injectLabel, isControlPlane, simulateInjection, type Cause } from "../mesh/injection";
import type { Mesh } from "../mesh/mesh";
import { keyed } from "../mesh/resource";
import { rule } from "../rule";
import { injection } from "../sources";

/** Whether the input means a namespace to be in the mesh: it installs Istio, or configures the mesh there. */
function intended(mesh: Mesh, namespace: string): boolean {
  const configured = mesh.once("namespaces with mesh configuration", () => {
    const shapes = [
      "PeerAuthentication",
      "AuthorizationPolicy",
      "Sidecar",
      "DestinationRule",
      "VirtualService",
    ] as const;
    return new Set(shapes.flatMap((shape) => mesh.of(shape).map((resource) => resource.namespace)));
  });
  return configured.has(namespace) || mesh.injectors.length > 0 || mesh.namespaces.some(asksForSidecars);
}

/** Reasons that somebody chose in so many words. */
const deliberate = new Set<Cause>(["namespace-opted-out", "ambient", "ignored-namespace", "host-network"]);

/** Every pod that the mesh should hold gets a sidecar. */
export const workloadGetsSidecar = rule({
  name: "workload-gets-sidecar",
  description: "Every workload gets a sidecar, unless its namespace is kept out of the mesh.",
  rationale:
    "A pod without a proxy is reached and reaches others in plain text, no policy or route holds for it, and it has no " +
    "metrics, traces or access log. Nothing fails visibly: the pod runs with one container less.",
  fix: 'Label the namespace `istio-injection: enabled`, or the pod template `sidecar.istio.io/inject: "true"`.',
  level: "mandatory",
  codes: ["IST0103"],
  source: injection,
  config: {
    allowOptOut: {
      description: 'Whether pods may opt out with the label or annotation sidecar.istio.io/inject: "false".',
      default: false,
    },
  },
  check({ mesh, settings, config, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource, namespace, prefix } = workload;
      if (workload.assumed || isControlPlane(resource) || namespace === mesh.rootNamespace) {
        return;
      }
      const { injected, cause, revision } = simulateInjection(mesh, workload, settings);
      if (injected === true || deliberate.has(cause)) {
        return;
      }
      const pod = keyed(`${prefix}metadata.labels`, injectLabel);
      const label = `Label the namespace with istio-injection: enabled, or the pod template with ${injectLabel}: "true".`;
      const declared = mesh.namespace(namespace);
      switch (cause) {
        case "namespace-undeclared":
          if (settings.closedWorld === true) {
            const message = `Its namespace ${namespace} is not declared, so nothing says that its pods get a sidecar.`;
            report(resource, { field: "metadata.namespace", message, fix: `Declare the namespace. ${label}` });
          }
          return;
        case "pod-opted-out":
          // An opt-out where nothing is injected anyway only says what is so.
          if (!config.allowOptOut && (declared === undefined || asksForSidecars(declared))) {
            report(resource, {
              field: pod,
              message: `Its pods opt out of injection with ${injectLabel}: "false", so they run without a sidecar.`,
              fix: `Remove the label, or name the workload in the exclusions.`,
              certain: declared !== undefined,
            });
          }
          return;
        case "revision-missing":
          report(resource, {
            field: "metadata.namespace",
            message: `Its pods ask for revision ${revision} of Istio, which is not installed: no webhook injects them.`,
            fix: `Install or tag the revision ${revision}, or ask for one that is installed.`,
          });
          return;
        case "never-inject":
        case "policy-disabled":
          report(resource, {
            field: pod,
            message:
              cause === "never-inject"
                ? "The injector's neverInjectSelector takes its pods, so they run without a sidecar."
                : "The injector's policy is disabled, so pods that do not ask run without a sidecar.",
            fix: `Label the pod template with ${injectLabel}: "true".`,
          });
          return;
        default: {
          const labels = declared?.labels ?? {};
          const is =
            cause === "namespace-label-invalid"
              ? `is labelled istio-injection: ${labels["istio-injection"]}, which injects nothing`
              : "has no injection label";
          const ignored = workload.annotations[injectLabel] === "true" ? " (the annotation alone does nothing)" : "";
          report(resource, {
            field: cause === "namespace-label-invalid" || pod === "" ? "metadata.namespace" : pod,
            message: `Its namespace ${namespace} ${is}, and neither do its pods ask for a sidecar${ignored}: they run without one.`,
            fix: label,
            certain: intended(mesh, namespace),
          });
        }
      }
    });
  },
});
