import type { Cluster } from "./cluster";
import { workloadTrouble } from "./objects";

/** @returns what is wrong with a workload, undefined if it is there and ready. */
export async function troubleOfWorkload(
  cluster: Cluster,
  kind: "Deployment" | "StatefulSet",
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const workload = await cluster.find("apps/v1", kind, namespace, name);
  return workload
    ? workloadTrouble(workload, await cluster.list("v1", "Pod", namespace))
    : `${kind} ${namespace}/${name} is gone`;
}
