import type { EnvoyFilterSpec } from "../../components/istioApi/envoyFilter";
import { inboundHttpFilter } from "../../components/istioApi/inboundHttpFilter";
import type { LiveObject } from "../../cluster/kubeClient";

/** Headers by which a request asks to be failed or delayed, once {@link faultsOnRequest} is there. */
export const faultHeaders = {
  abort: (status: number) => ({ "x-envoy-fault-abort-request": String(status) }),
  /**
   * Of HTTP's own failures Istio retries none by default, for a request may have had its effect; of gRPC's it does this
   * one.
   */
  unavailable: () => ({ "content-type": "application/grpc", "x-envoy-fault-abort-grpc-request": "14" }),
  delay: (ms: number) => ({ "x-envoy-fault-delay-request": String(ms) }),
} as const;

/** Name of the EnvoyFilter, while policies are exercised. */
const faultsName = "verify-faults";

/**
 * @returns an EnvoyFilter that lets the sidecars of a namespace fail or delay the requests that ask for it by a header,
 * and no other. That is in front of the application and behind everything of the caller's, so that the caller's
 * policies meet real failures.
 */
export function faultsOnRequest(namespace: string): LiveObject {
  const percentage = { numerator: 100, denominator: "HUNDRED" };
  const spec: EnvoyFilterSpec = {
    priority: 20,
    configPatches: [
      inboundHttpFilter({
        name: "sidecar-mesh.verify-faults",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
          abort: { header_abort: {}, percentage },
          delay: { header_delay: {}, percentage },
        },
      }),
    ],
  };
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: faultsName, namespace },
    spec: spec as unknown as Record<string, unknown>,
  };
}
