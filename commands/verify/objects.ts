import type { LiveObject } from "../../cluster/kubeClient";

/** A container's state, as far as checks read it. */
interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string }; running?: object; terminated?: Ended };
  lastState?: { terminated?: Ended };
}

interface Ended {
  reason?: string;
  exitCode?: number;
  finishedAt?: string;
}

interface Container {
  name: string;
  image?: string;
  ports?: { name?: string; containerPort: number }[];
  restartPolicy?: string;
}

/** @returns `namespace/name`. */
export function nameOf({ metadata }: LiveObject): string {
  return `${metadata?.namespace ? `${metadata.namespace}/` : ""}${metadata?.name ?? ""}`;
}

/** @returns all containers of a pod; a sidecar of Kubernetes' own kind stands among the init containers. */
export function containersOf(pod: LiveObject): Container[] {
  const spec = (pod.spec ?? {}) as { containers?: Container[]; initContainers?: Container[] };
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always")];
}

/** @returns the states of all containers of a pod. */
export function statusesOf(pod: LiveObject): ContainerStatus[] {
  const { containerStatuses = [], initContainerStatuses = [] } = (pod.status ?? {}) as Record<
    string,
    ContainerStatus[] | undefined
  >;
  return [...containerStatuses, ...initContainerStatuses];
}

/** @returns the proxy's container, undefined in a pod that was not injected. */
export function proxyOf(pod: LiveObject): Container | undefined {
  return containersOf(pod).find(({ name }) => name === "istio-proxy");
}

/** @returns true for a pod that has neither ended nor is being deleted. */
export function isAlive({ metadata, status }: LiveObject): boolean {
  return metadata?.deletionTimestamp === undefined && !/Succeeded|Failed/.test(String(status?.phase));
}

/** @returns true if a pod serves requests. */
export function isReady(pod: LiveObject): boolean {
  const conditions = (pod.status?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** @returns true if `labels` hold all that `selector` asks for; a selector that asks for nothing selects nothing. */
export function selects(selector: Record<string, string> | undefined, pod: LiveObject): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([key, value]) => pod.metadata?.labels?.[key] === value);
}

/** @returns the service account that a pod runs as. */
export function accountOf(pod: LiveObject): string {
  return String((pod.spec as { serviceAccountName?: string } | undefined)?.serviceAccountName ?? "default");
}

/** @returns what keeps a pod from being ready, in a few words; undefined if nothing does. */
export function troubleOf(pod: LiveObject): string | undefined {
  if (isReady(pod)) {
    return undefined;
  }
  const waiting = statusesOf(pod).find(
    ({ state }) => state?.waiting && !/PodInitializing|ContainerCreating/.test(state.waiting.reason ?? ""),
  );
  if (waiting) {
    const { reason, message } = waiting.state!.waiting!;
    return `container ${waiting.name} of ${nameOf(pod)} is in ${reason}${message ? `: ${oneLine(message)}` : ""}`;
  }
  const unready = statusesOf(pod).filter(({ ready }) => !ready);
  const conditions = (pod.status?.conditions ?? []) as { type: string; status: string; message?: string }[];
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled) {
    return `${nameOf(pod)} finds no node: ${oneLine(unscheduled.message ?? "")}`;
  }
  return `${nameOf(pod)} is not ready: ${unready.map(({ name }) => name).join(", ") || "it has not started"}`;
}

/** A container that was restarted. */
export interface Restart {
  pod: string;
  container: string;
  times: number;
  /** When the container before ended, in milliseconds since 1970; why it did. */
  at: number;
  why: string;
}

/** @returns the containers of a pod that were started again. */
export function restartsOf(pod: LiveObject): Restart[] {
  return statusesOf(pod).flatMap(({ name, restartCount = 0, lastState }) => {
    const ended = lastState?.terminated;
    return restartCount > 0 && ended
      ? [
          {
            pod: nameOf(pod),
            container: name,
            times: restartCount,
            at: Date.parse(ended.finishedAt ?? ""),
            why: `${ended.reason ?? "ended"}, exit code ${ended.exitCode ?? "unknown"}`,
          },
        ]
      : [];
  });
}

/** @returns the tag of an image reference, or its digest. */
export function tagOf(image = ""): string {
  const [name = "", digest] = image.split("@");
  return digest ?? name.slice(name.lastIndexOf("/") + 1).split(":")[1] ?? "latest";
}

/** @returns what a workload lacks, by its own status and its pods'; undefined if it is as declared. */
export function workloadTrouble(workload: LiveObject, pods: readonly LiveObject[]): string | undefined {
  const { replicas = 1 } = (workload.spec ?? {}) as { replicas?: number };
  const { availableReplicas = 0, readyReplicas = 0 } = (workload.status ?? {}) as Record<string, number | undefined>;
  const what = `${workload.kind} ${nameOf(workload)}`;
  if (replicas === 0) {
    return `${what} is scaled to 0`;
  }
  const { matchLabels } = (workload.spec as { selector?: { matchLabels?: Record<string, string> } }).selector ?? {};
  const own = pods.filter((pod) => isAlive(pod) && selects(matchLabels, pod));
  const troubled = own.map(troubleOf).find((trouble) => trouble !== undefined);
  if (troubled !== undefined) {
    return troubled;
  }
  if (own.length === 0) {
    return `${what} has no pod`;
  }
  return Math.max(availableReplicas, readyReplicas) === 0 ? `${what} has no pod that is ready` : undefined;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
