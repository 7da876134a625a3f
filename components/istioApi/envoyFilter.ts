import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** One change of Envoy's configuration. */
export interface EnvoyConfigPatch {
  applyTo: "HTTP_FILTER" | "NETWORK_FILTER" | "VIRTUAL_HOST" | "CLUSTER";
  match: {
    context: "SIDECAR_INBOUND" | "SIDECAR_OUTBOUND" | "GATEWAY";
    /** Full name of a Service. */
    cluster?: { service: string };
    listener?: { filterChain: { filter: { name: string; subFilter?: { name: string } } } };
  };
  patch: { operation: "INSERT_BEFORE" | "INSERT_FIRST" | "MERGE"; value: Record<string, unknown> };
}

/** Spec of an EnvoyFilter. */
export interface EnvoyFilterSpec {
  /** Labels of the pods it is for; the whole namespace when left out. */
  workloadSelector?: { labels: Record<string, string> };
  /** Order among EnvoyFilters, lower first; by age when left out. */
  priority?: number;
  configPatches: EnvoyConfigPatch[];
}

/** Args of {@link EnvoyFilter}. */
export interface EnvoyFilterArgs {
  metadata: { name: string; namespace: pulumi.Input<string> };
  spec: EnvoyFilterSpec;
}

/**
 * Istio's analyzer advises against every EnvoyFilter (IST0133). This project declares one only for what Istio has no
 * other way to say, so the advice is answered here, once.
 */
const analyzerAnswer = { "galley.istio.io/analyze-suppress": "IST0133" };

/** networking.istio.io/v1alpha3 EnvoyFilter; the type has no newer version. */
export class EnvoyFilter extends k8s.apiextensions.CustomResource {
  constructor(name: string, { metadata, spec }: EnvoyFilterArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      name,
      {
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "EnvoyFilter",
        metadata: { ...metadata, annotations: analyzerAnswer },
        spec,
      },
      opts,
    );
  }
}
