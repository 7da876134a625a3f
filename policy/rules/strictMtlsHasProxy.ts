import { isControlPlane, simulateInjection } from "../mesh/injection";
import { workloadMode } from "../mesh/peerAuthentication";
import { rule } from "../rule";
import { peerAuthentication } from "../sources";

/** STRICT holds only where a proxy enforces it. */
export const strictMtlsHasProxy = rule({
  name: "strict-mtls-has-proxy",
  description: "A server for which mutual TLS is STRICT has a proxy that enforces it.",
  rationale: "Without a proxy nothing refuses plain text: the server looks protected and is open to every pod.",
  fix: "Have the server injected, or take it out of the policy's reach.",
  level: "mandatory",
  codes: ["KIA0501"],
  source: peerAuthentication,
  check({ mesh, settings, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource, namespace } = workload;
      if (workload.assumed || isControlPlane(resource) || mesh.servicesOf(workload).length === 0) {
        return;
      }
      const mtls = workloadMode(mesh, workload);
      if (mtls?.mode !== "STRICT") {
        return;
      }
      const { injected, cause } = simulateInjection(mesh, workload, settings);
      // A policy for the whole mesh does not mean namespaces that are kept out of it.
      const meant =
        mtls.policy.namespace === namespace || !["namespace-opted-out", "ambient", "ignored-namespace"].includes(cause);
      if (injected === false && cause !== "ambient" && meant) {
        report(resource, {
          field: "metadata.namespace",
          message: `PeerAuthentication ${mtls.policy.namespace}/${mtls.policy.name} sets STRICT, but its pods have no sidecar to enforce it (${cause.replaceAll("-", " ")}).`,
          fix: "Have its pods injected, or take them out of the policy.",
        });
      }
    });
  },
});
