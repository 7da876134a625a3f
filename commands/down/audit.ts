import type { KubeClient, LiveObject } from "../../cluster/kubeClient";
import { titleOf } from "../../cluster/title";
import { rateLimitNamespace } from "../../components/rateLimit/rateLimitService";
import { allStackNamespaces } from "../../stacks/namespacesConfig";

/** Namespaces that the stack makes beside that of its services, in any layout. */
const namespaces = [...allStackNamespaces, rateLimitNamespace];

/** What may be left of a mesh: where to look, how to know it, and why it may still be there. */
interface Trace {
  apiVersion: string;
  kind: string;
  /** @returns true if the object belongs to a mesh. */
  isOf: (object: LiveObject) => boolean;
  why: string;
}

const named = (pattern: RegExp) => (object: LiveObject) => pattern.test(object.metadata?.name ?? "");
const ofIstio = /(^|[.-])istio([.-]|$)|^istiod/;
const ours = /(^|[.-])istio([.-]|$)|^istiod|^sidecar-mesh-/;
const notOurs = "not made by this stack, or by one that was removed without it";

const traces: readonly Trace[] = [
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    isOf: named(/\.istio\.io$/),
    why: "not installed by this stack's charts",
  },
  ...["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy"].map((kind) => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    isOf: named(ofIstio),
    why: `${notOurs}; without its istiod it may hinder requests to the API server`,
  })),
  ...["ClusterRole", "ClusterRoleBinding"].map((kind) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    isOf: named(ours),
    why: notOurs,
  })),
  { apiVersion: "coordination.k8s.io/v1", kind: "Lease", isOf: named(ofIstio), why: notOurs },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    isOf: named(/^istio-ca-(root-cert|crl)$/),
    why: "pods with a sidecar in that namespace need it",
  },
  {
    apiVersion: "v1",
    kind: "Namespace",
    isOf: ({ metadata }) => namespaces.includes(metadata?.name ?? ""),
    why: "it existed before, or it holds objects that are not of this stack",
  },
  {
    apiVersion: "v1",
    kind: "Namespace",
    isOf: ({ metadata }) =>
      metadata?.labels?.["istio-injection"] === "enabled" || metadata?.labels?.["istio.io/rev"] !== undefined,
    why: "not of this stack, but labelled for injection; its new pods get no sidecar now",
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    isOf: ({ metadata }) => namespaces.includes(metadata?.namespace ?? ""),
    why: "data is never deleted but with its namespace",
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolume",
    isOf: ({ spec }) =>
      namespaces.includes((spec as { claimRef?: { namespace?: string } } | undefined)?.claimRef?.namespace ?? ""),
    why: "its storage class keeps data when its claim is gone",
  },
];

/** @returns what a cluster still has of a mesh, each with the reason; empty if it has nothing. */
export async function audit(client: Pick<KubeClient, "list">): Promise<string[]> {
  const left = new Map<string, string>();
  for (const { apiVersion, kind, isOf, why } of traces) {
    for (const object of (await client.list(apiVersion, kind)).filter(isOf)) {
      const { namespace, name = "" } = object.metadata ?? {};
      const title = titleOf({ kind, namespace, name });
      if (!left.has(title)) {
        left.set(title, `${title}: ${why}`);
      }
    }
  }
  return [...left.values()];
}
