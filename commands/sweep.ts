import type { KubeClient, LiveObject } from "../sandbox/applier/kubeClient";

/** What {@link sweep} did. */
export interface Swept {
  /** Objects that were removed, as `Kind namespace/name`. */
  removed: string[];
  /** Objects that stay, each with the reason. */
  kept: string[];
}

/** Istio's resource definitions have these groups. */
const istioGroups = /\.istio\.io$/;

/** ConfigMaps that istiod puts into every namespace, and nobody takes away when it is gone. */
const configMapsOfIstiod = ["istio-ca-root-cert", "istio-ca-crl"];

/**
 * Removes what Istio leaves when its charts are gone: the charts keep their resource definitions, so that nobody's routes are lost by
 * an uninstall, and istiod leaves its root certificate and revocation list in every namespace. A definition that still has objects is kept.
 */
export async function sweep(client: KubeClient): Promise<Swept> {
  const swept: Swept = { removed: [], kept: [] };
  if (
    (await client.list("apps/v1", "Deployment")).some((deployment) => deployment.metadata?.labels?.app === "istiod")
  ) {
    swept.kept.push("Istio's resource definitions: another istiod runs in this cluster");
    return swept;
  }

  for (const crd of await client.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")) {
    const { name = "", annotations = {} } = crd.metadata ?? {};
    if (!istioGroups.test(name) || annotations["meta.helm.sh/release-name"] !== "istio-base") {
      continue;
    }
    const objects = await objectsOf(client, crd);
    if (objects > 0) {
      swept.kept.push(`CustomResourceDefinition ${name}: ${objects} objects that are not ours`);
    } else if (await client.delete({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name })) {
      swept.removed.push(`CustomResourceDefinition ${name}`);
    }
  }
  for (const { metadata } of await client.list("v1", "ConfigMap")) {
    if (metadata?.name && configMapsOfIstiod.includes(metadata.name)) {
      await client.delete({ apiVersion: "v1", kind: "ConfigMap", name: metadata.name, namespace: metadata.namespace });
      swept.removed.push(`ConfigMap ${metadata.namespace}/${metadata.name}`);
    }
  }
  return swept;
}

async function objectsOf(client: KubeClient, crd: LiveObject): Promise<number> {
  const spec = crd.spec as { group: string; names: { kind: string }; versions: { name: string; served: boolean }[] };
  const version = spec.versions.find(({ served }) => served);
  return version ? (await client.list(`${spec.group}/${version.name}`, spec.names.kind)).length : 0;
}
