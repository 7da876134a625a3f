import type { LiveObject } from "../../cluster/kubeClient";
import type { Context } from "./check";
import type { Cluster } from "./cluster";
import { isAlive, isReady } from "./objects";

/** @returns the pods of the declared services that run, by service. */
export async function servicePods({ cluster, declared }: Context): Promise<Map<string, LiveObject[]>> {
  const pods = (await cluster.list("v1", "Pod", declared.namespaces.mesh)).filter(isAlive);
  return new Map(declared.services.map(({ name }) => [name, pods.filter((pod) => pod.metadata?.labels?.app === name)]));
}

/** @returns the pods of a declared service that serve requests. */
export async function readyPods(context: Context, service: string): Promise<LiveObject[]> {
  return ((await servicePods(context)).get(service) ?? []).filter(isReady);
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

/**
 * Asks the API server for a log of a pod.
 * @param asked Parameters of the API, such as `container` and `tailLines`.
 * @param timeoutMs Milliseconds until it is there. Default: as {@link Cluster.raw}.
 */
export function podLog(
  cluster: Pick<Cluster, "raw">,
  pod: LiveObject,
  asked: Record<string, string>,
  timeoutMs?: number,
): ReturnType<Cluster["raw"]> {
  const { namespace, name } = refOfPod(pod);
  const query = new URLSearchParams(asked).toString();
  return cluster.raw(`/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`, timeoutMs);
}

/** @returns the name and namespace of a pod. */
export function refOfPod({ metadata }: LiveObject): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? "default", name: metadata?.name ?? "" };
}

/** Port of Envoy's admin interface, on localhost inside each pod. */
const adminPort = 15000;

/**
 * @returns the answer of a proxy at a path of its admin interface, as JSON.
 * @throws Error if it does not answer.
 */
export async function askEnvoy<T>(cluster: Cluster, pod: LiveObject, path: string): Promise<T> {
  const { namespace, name } = refOfPod(pod);
  const { status, body, error } = await cluster.inPod(namespace, name, adminPort, path);
  if (status !== 200) {
    throw new Error(error ?? `Envoy of ${namespace}/${name} answers ${path} with ${status}: ${body.slice(0, 200)}`);
  }
  return JSON.parse(body) as T;
}
