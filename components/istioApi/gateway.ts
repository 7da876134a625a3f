import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** TLS of one server of a Gateway, as far as this project uses it. */
export interface GatewayTls {
  /** `SIMPLE` terminates TLS with `credentialName`; leave the mode out to only redirect. */
  mode?: "SIMPLE" | "MUTUAL" | "PASSTHROUGH";
  /** Secret of type `kubernetes.io/tls` in the namespace of the gateway's pods. */
  credentialName?: pulumi.Input<string>;
  /** Answers plain HTTP with a 301 to HTTPS. */
  httpsRedirect?: boolean;
  /** Lowest protocol version that is accepted. */
  minProtocolVersion?: "TLSV1_2" | "TLSV1_3";
}

/** One port of a Gateway and the hosts it serves. */
export interface GatewayServer {
  port: { number: number; name: string; protocol: "HTTP" | "HTTPS" };
  hosts: pulumi.Input<string>[];
  tls?: GatewayTls;
}

/** Spec of a Gateway: which pods serve which ports. */
export interface GatewaySpec {
  /** Labels of the gateway's pods. */
  selector: Record<string, pulumi.Input<string>>;
  servers: GatewayServer[];
}

/** Args of {@link Gateway}. */
export interface GatewayArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: GatewaySpec;
}

/** networking.istio.io/v1 Gateway. */
export class Gateway extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: GatewayArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1", kind: "Gateway", ...args }, opts);
  }
}
