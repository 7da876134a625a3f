import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Protocols by which a proxy knows what to do with a connection: HTTP is routed by host, TLS by server name, TCP by
 * address.
 */
export const serviceEntryProtocols = ["HTTP", "HTTP2", "GRPC", "HTTPS", "TLS", "TCP"] as const;

/** One of {@link serviceEntryProtocols}. */
export type ServiceEntryProtocol = (typeof serviceEntryProtocols)[number];

/** Spec of a ServiceEntry, as far as this project uses it: hosts that the mesh knows and does not run. */
export interface ServiceEntrySpec {
  hosts: string[];
  /** Addresses that connections to the hosts go to; a proxy routes TCP only by address. */
  addresses?: string[];
  ports: { number: number; name: string; protocol: ServiceEntryProtocol }[];
  /** The host is outside of the mesh: no mutual TLS. */
  location: "MESH_EXTERNAL";
  /** `DNS` asks for the host, `STATIC` takes the endpoints, `NONE` goes where the caller meant to. */
  resolution: "DNS" | "STATIC" | "NONE";
  endpoints?: { address: string }[];
}

/** Args of {@link ServiceEntry}. */
export interface ServiceEntryArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: ServiceEntrySpec;
}

/** networking.istio.io/v1 ServiceEntry. */
export class ServiceEntry extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: ServiceEntryArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", ...args }, opts);
  }
}
