import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Spec of a Sidecar, as far as this project uses it. */
export interface SidecarSpec {
  /** Workloads it is for; the default of the namespace when left out. */
  workloadSelector?: { labels: Record<string, pulumi.Input<string>> };
  /** What the proxy knows of the mesh: hosts as `NAMESPACE/HOST`, `.` for the own namespace and `*` for any. */
  egress: { hosts: pulumi.Input<string>[] }[];
}

/** Args of {@link Sidecar}. */
export interface SidecarArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: SidecarSpec;
}

/** networking.istio.io/v1 Sidecar. */
export class Sidecar extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: SidecarArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1", kind: "Sidecar", ...args }, opts);
  }
}
