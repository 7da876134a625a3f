import type { LiveObject } from "../../cluster/kubeClient";
import type { Context } from "./check";
import { isAlive, isReady } from "./objects";

/** @returns the pods of the declared services that run, by service. */
export async function servicePods({ cluster, declared }: Context): Promise<Map<string, LiveObject[]>> {
  const pods = (await cluster.list("v1", "Pod", declared.namespaces.mesh)).filter(isAlive);
  return new Map(declared.services.map(({ name }) => [name, pods.filter((pod) => pod.metadata?.labels?.app === name)]));
}

/** @returns the pods of the ingress gateway that run. */
export async function gatewayPods({ cluster, declared }: Context): Promise<LiveObject[]> {
  const { namespaces, gateway } = declared;
  const pods = await cluster.list("v1", "Pod", namespaces.gateway);
  return pods.filter((pod) => isAlive(pod) && pod.metadata?.labels?.app === gateway.name);
}

/** @returns every pod with a proxy that carries requests of the declared services, ready ones only. */
export async function proxies(context: Context): Promise<LiveObject[]> {
  const pods = [...(await gatewayPods(context)), ...[...(await servicePods(context)).values()].flat()];
  return pods.filter(isReady);
}

/** @returns the name and namespace of a pod. */
export function refOfPod({ metadata }: LiveObject): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? "default", name: metadata?.name ?? "" };
}
