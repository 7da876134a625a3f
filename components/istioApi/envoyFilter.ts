import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** One change to Envoy's configuration. */
export interface EnvoyConfigPatch {
  applyTo: "HTTP_FILTER" | "NETWORK_FILTER" | "HTTP_ROUTE" | "VIRTUAL_HOST" | "CLUSTER" | "LISTENER";
  match: Record<string, unknown>;
  patch: { operation: "MERGE" | "ADD" | "INSERT_BEFORE" | "INSERT_FIRST"; value: Record<string, unknown> };
}

/** Spec of an EnvoyFilter. */
export interface EnvoyFilterSpec {
  workloadSelector?: { labels: Record<string, string> };
  configPatches: EnvoyConfigPatch[];
  /** Order among filters; lower comes first. */
  priority?: number;
}

/** Args of {@link EnvoyFilter}. */
export interface EnvoyFilterArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: EnvoyFilterSpec;
}

/** networking.istio.io/v1alpha3 EnvoyFilter. */
export class EnvoyFilter extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: EnvoyFilterArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1alpha3", kind: "EnvoyFilter", ...args }, opts);
  }
}
