import type { KubeClient, LiveObject } from "../../cluster/kubeClient";

/** Types of a chart's objects that are not ready once they exist. */
const notReadyAtOnce = [
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["v1", "Service"],
] as const;

/** @returns a release's objects that have to become ready, told by the annotations that Helm gives to what it owns. */
export async function objectsOfRelease(
  client: Pick<KubeClient, "list">,
  { name, namespace }: { name: string; namespace: string },
): Promise<LiveObject[]> {
  const lists = await Promise.all(
    notReadyAtOnce.map(async ([apiVersion, kind]) =>
      // The items of a list may not say what they are.
      (await client.list(apiVersion, kind)).map((object) => ({ ...object, apiVersion, kind })),
    ),
  );
  return lists.flat().filter(({ metadata }) => {
    const annotations = metadata?.annotations ?? {};
    return (
      annotations["meta.helm.sh/release-name"] === name && annotations["meta.helm.sh/release-namespace"] === namespace
    );
  });
}
