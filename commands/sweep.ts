import { setTimeout as sleep } from "node:timers/promises";
import type { KubeClient, LiveObject, ObjectRef } from "../cluster/kubeClient";

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

  const definitions: ObjectRef[] = [];
  for (const crd of await client.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")) {
    const { name = "", annotations = {} } = crd.metadata ?? {};
    if (!istioGroups.test(name) || annotations["meta.helm.sh/release-name"] !== "istio-base") {
      continue;
    }
    const objects = await objectsOf(client, crd);
    if (objects > 0) {
      swept.kept.push(`CustomResourceDefinition ${name}: ${objects} objects that are not ours`);
    } else {
      const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
      await client.delete(definition);
      definitions.push(definition);
    }
  }
  for (const definition of definitions) {
    const title = `CustomResourceDefinition ${definition.name}`;
    if (await isGone(client, definition)) {
      swept.removed.push(title);
    } else {
      swept.kept.push(`${title}: its deletion does not end; see its finalizers and status`);
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

/** Waits for the end of a deletion: of a resource definition that comes a moment after the request. @returns false after 30 s. */
async function isGone(client: KubeClient, ref: ObjectRef): Promise<boolean> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    if ((await client.get(ref)) === undefined) {
      return true;
    }
  }
  return false;
}

async function objectsOf(client: KubeClient, crd: LiveObject): Promise<number> {
  const spec = crd.spec as { group: string; names: { kind: string }; versions: { name: string; served: boolean }[] };
  const version = spec.versions.find(({ served }) => served);
  return version ? (await client.list(`${spec.group}/${version.name}`, spec.names.kind)).length : 0;
}
