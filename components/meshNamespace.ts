import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PeerAuthentication } from "./istioApi/peerAuthentication";
import { MutualTlsMode } from "./istioApi/peerAuthentication";
import { ArgsCheck } from "./validation";

/** Levels of Kubernetes' Pod Security Standards. */
export const PodSecurity = { Privileged: "privileged", Baseline: "baseline", Restricted: "restricted" } as const;

/** One of {@link PodSecurity}. */
export type PodSecurity = (typeof PodSecurity)[keyof typeof PodSecurity];

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
  /**
   * Pod Security level that is enforced. Istio's init container needs `privileged`; with istio-cni `restricted` works.
   * Default: no label, the cluster decides.
   */
  podSecurity?: PodSecurity;
  /**
   * Let packets in from this namespace and these alone, and to the proxies' metrics from anywhere. Default: from
   * anywhere.
   */
  allowedNamespaces?: pulumi.Input<string>[];
  /** Most of each resource that the namespace may take, for example `{"requests.cpu": "4"}`. Default: no limit. */
  resourceQuota?: Record<string, string>;
  /** More labels of the Namespace. Default none. */
  labels?: Record<string, pulumi.Input<string>>;
}

/** @returns the label that makes Istio's webhook inject the pods of a namespace. The two forms exclude each other. */
export function injectionLabel(revision?: string): Record<string, string> {
  return revision ? { "istio.io/rev": revision } : { "istio-injection": "enabled" };
}

/** Ports of every proxy at which metrics are read, by a Prometheus that may be anywhere. */
const metricsPorts = [15020, 15090];

/** @returns the spec of a NetworkPolicy that lets in the namespace's own pods and those of `allowed`. */
function ingressPolicy(allowed: pulumi.Input<string>[]): k8s.types.input.networking.v1.NetworkPolicySpec {
  const namespaces = allowed.map((name) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
  }));
  return {
    podSelector: {},
    policyTypes: ["Ingress"],
    ingress: [
      { from: [{ podSelector: {} }, ...namespaces] },
      { ports: metricsPorts.map((port) => ({ port, protocol: "TCP" })) },
    ],
  };
}

/**
 * A namespace whose pods get a sidecar and, by default, talk mutual TLS only.
 * Let it depend on the Istio component: its PeerAuthentication needs Istio's resource definitions and webhook.
 */
export class MeshNamespace extends pulumi.ComponentResource {
  /**
   * Name of the Namespace. What runs in it depends on this component: a pod that starts before the mode is declared
   * accepts plain text.
   */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: MeshNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:MeshNamespace", name, {}, opts);
    new ArgsCheck("MeshNamespace")
      .requireOwnNamespace("namespace", args.namespace)
      .requireOneOf("mtls", args.mtls, MutualTlsMode)
      .requireOneOf("podSecurity", args.podSecurity, PodSecurity)
      .done(this);

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: args.namespace, labels: namespaceLabels(args) } },
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

    const metadata = (objectName: string) => ({ name: objectName, namespace: namespace.metadata.name });
    if (args.allowedNamespaces) {
      new k8s.networking.v1.NetworkPolicy(
        `${name}-network`,
        { metadata: metadata("mesh-only"), spec: ingressPolicy(args.allowedNamespaces) },
        { parent: this },
      );
    }
    const quota = Object.keys(args.resourceQuota ?? {}).length > 0 ? args.resourceQuota : undefined;
    if (quota) {
      new k8s.core.v1.ResourceQuota(
        `${name}-quota`,
        { metadata: metadata("quota"), spec: { hard: quota } },
        { parent: this },
      );
    }

    this.namespace = namespace.metadata.name;
    this.registerOutputs({ namespace: this.namespace });
  }
}

function namespaceLabels({ labels, podSecurity, revision }: MeshNamespaceArgs): Record<string, pulumi.Input<string>> {
  const enforced = podSecurity && { "pod-security.kubernetes.io/enforce": podSecurity };
  return { ...labels, ...enforced, ...injectionLabel(revision) };
}
