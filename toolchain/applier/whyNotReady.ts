import type { KubeClient, LiveObject } from "../../cluster/kubeClient";

interface ContainerStatus {
  name: string;
  state?: { waiting?: { reason?: string; message?: string } };
}

/** Most reasons that are told; they mostly repeat. */
const maxReasons = 5;

/** @returns what the pods of a workload, or the events about it, say of why it is not ready; empty if they say nothing. */
export async function whyNotReady(client: KubeClient, workload: LiveObject): Promise<string> {
  const { namespace, name = "" } = workload.metadata ?? {};
  const pods = (await client.list("v1", "Pod", namespace)).filter((pod) => pod.metadata?.name?.startsWith(`${name}-`));
  const fromPods = pods.flatMap((pod) => {
    const statuses = [pod.status?.initContainerStatuses, pod.status?.containerStatuses] as ContainerStatus[][];
    return statuses.flat().flatMap((container) => {
      const waiting = container?.state?.waiting;
      return waiting ? [`${pod.metadata?.name}/${container.name}: ${waiting.reason} ${waiting.message ?? ""}`] : [];
    });
  });
  const events = await client.list("v1", "Event", namespace);
  const fromEvents = (
    events as (LiveObject & { type?: string; message?: string; involvedObject?: { name?: string } })[]
  )
    .filter((event) => event.type === "Warning" && event.involvedObject?.name?.startsWith(name))
    .map((event) => `${event.involvedObject?.name}: ${event.message}`);
  const reasons = [...new Set([...fromPods, ...fromEvents])].slice(0, maxReasons);
  return reasons.map((reason) => `\n  ${reason.trim()}`).join("");
}
