import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What a server accepts: `STRICT` only mutual TLS, `PERMISSIVE` plain text as well, `DISABLE` only plain text. */
export const MutualTlsMode = { Strict: "STRICT", Permissive: "PERMISSIVE", Disable: "DISABLE" } as const;

/** One of {@link MutualTlsMode}. */
export type MutualTlsMode = (typeof MutualTlsMode)[keyof typeof MutualTlsMode];

/** Spec of a PeerAuthentication. */
export interface PeerAuthenticationSpec {
  /** Workloads it is for; the whole namespace when left out. */
  selector?: { matchLabels: Record<string, string> };
  mtls: { mode: MutualTlsMode };
  /** Exceptions by port number of the workload. */
  portLevelMtls?: Record<string, { mode: MutualTlsMode }>;
}

/** Args of {@link PeerAuthentication}. */
export interface PeerAuthenticationArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: PeerAuthenticationSpec;
}

/** security.istio.io/v1 PeerAuthentication. */
export class PeerAuthentication extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: PeerAuthenticationArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "security.istio.io/v1", kind: "PeerAuthentication", ...args }, opts);
  }
}
