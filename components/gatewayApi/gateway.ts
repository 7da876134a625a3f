import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** One port and host of a Gateway. */
export interface Listener {
  /** Unique within the Gateway. */
  name: string;
  port: number;
  protocol: "HTTP" | "HTTPS";
  /** Host that is served. Default: any. */
  hostname?: string;
  /** Ends TLS with Secrets of type `kubernetes.io/tls` in the Gateway's namespace. */
  tls?: { mode: "Terminate"; certificateRefs: { name: pulumi.Input<string> }[] };
  /** Namespaces whose routes are taken. Default: the Gateway's own. */
  allowedRoutes?: {
    namespaces: { from: "Selector"; selector: k8s.types.input.meta.v1.LabelSelector };
  };
}

/** Args of {@link KubernetesGateway}. */
export interface KubernetesGatewayArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: {
    gatewayClassName: "istio";
    /** The Service whose pods serve it. Without one Istio makes a Deployment and a Service. */
    addresses?: { type: "Hostname"; value: pulumi.Input<string> }[];
    listeners: Listener[];
  };
}

/** gateway.networking.k8s.io/v1 Gateway. */
export class KubernetesGateway extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: KubernetesGatewayArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", ...args }, opts);
  }
}
