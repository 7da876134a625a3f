import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PeerAuthentication } from "./istioApi/peerAuthentication";
import type { MutualTlsMode } from "./istioApi/peerAuthentication";
import { ArgsCheck } from "./validation";

/** Args of {@link MeshNamespace}. */
export interface MeshNamespaceArgs {
  /** Name of the Namespace. */
  namespace: string;
  /**
   * Control plane revision that injects the pods here.
   * Default: none, the namespace is labelled `istio-injection=enabled` and the default revision injects.
   */
  revision?: string;
  /** What the workloads here accept. Default `STRICT`: plain text is refused. */
  mtls?: MutualTlsMode;
  /** More labels of the Namespace. Default none. */
  labels?: Record<string, pulumi.Input<string>>;
}

/** @returns the label that makes Istio's webhook inject the pods of a namespace. The two forms exclude each other. */
export function injectionLabel(revision?: string): Record<string, string> {
  return revision ? { "istio.io/rev": revision } : { "istio-injection": "enabled" };
}

/**
 * A namespace whose pods get a sidecar and, by default, talk mutual TLS only.
 * Let it depend on the Istio component: its PeerAuthentication needs Istio's resource definitions and webhook.
 */
export class MeshNamespace extends pulumi.ComponentResource {
  /** Name of the Namespace. What runs in it depends on this component: a pod that starts before the mode is declared accepts plain text. */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: MeshNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:MeshNamespace", name, {}, opts);
    new ArgsCheck("MeshNamespace").requireDnsLabel("namespace", args.namespace).done(this);

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: args.namespace, labels: { ...args.labels, ...injectionLabel(args.revision) } } },
      { parent: this },
    );
    new PeerAuthentication(
      `${name}-mtls`,
      {
        // Istio takes the PeerAuthentication of a namespace that has no selector; "default" is its customary name.
        metadata: { name: "default", namespace: namespace.metadata.name },
        spec: { mtls: { mode: args.mtls ?? "STRICT" } },
      },
      { parent: this },
    );

    this.namespace = namespace.metadata.name;
    this.registerOutputs({ namespace: this.namespace });
  }
}
