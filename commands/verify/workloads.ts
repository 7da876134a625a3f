import { fail } from "./check";
import type { Outcome } from "./check";
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

/**
 * @param title Name of the program, as people call it.
 * @returns the failure of a check that asks a backend which does not run; undefined if it does.
 */
export async function backendDown(
  cluster: Cluster,
  namespace: string,
  statefulSet: string,
  title: string,
): Promise<Outcome | undefined> {
  const trouble = await troubleOfWorkload(cluster, "StatefulSet", namespace, statefulSet);
  if (trouble === undefined) {
    return undefined;
  }
  const next = `${cluster.kubectl} -n ${namespace} describe statefulset ${statefulSet}`;
  return fail(trouble, `${title} is not running: ${trouble}`, next);
}
