import type { LiveObject } from "../../cluster/kubeClient";
import type { Cluster } from "./cluster";
import { refOfPod } from "./meshPods";

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
