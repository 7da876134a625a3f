import type { LiveObject } from "../../cluster/kubeClient";

/** What an object still waits for; undefined if it is ready. */
export type Waiting = string | undefined;

/** @returns what `object` waits for. Types that are done once they exist are ready at once. */
export function waitingFor(object: LiveObject): Waiting {
  const status = object.status ?? {};
  const spec = object.spec ?? {};
  switch (object.kind) {
    case "Deployment":
      return (
        observed(object) ??
        count(status, "updatedReplicas", spec.replicas ?? 1, "pods of the new version") ??
        count(status, "availableReplicas", spec.replicas ?? 1, "pods available") ??
        surplus(status)
      );
    case "StatefulSet":
      return observed(object) ?? count(status, "readyReplicas", spec.replicas ?? 1, "pods ready");
    case "DaemonSet":
      return observed(object) ?? count(status, "numberAvailable", status.desiredNumberScheduled ?? 0, "pods available");
    case "Namespace":
      return status.phase === "Active" ? undefined : "the namespace to be active";
    case "Service":
      return spec.type === "LoadBalancer" && !hasAddress(status) ? "an address from the load balancer" : undefined;
    case "CustomResourceDefinition":
      return hasCondition(status, "Established") ? undefined : "the API server to serve the type";
    case "Job":
      return hasCondition(status, "Complete") ? undefined : "the job to complete";
    default:
      return undefined;
  }
}

function observed(object: LiveObject): Waiting {
  const { generation } = object.metadata ?? {};
  const seen = object.status?.observedGeneration;
  return typeof seen === "number" && generation !== undefined && seen >= generation
    ? undefined
    : "its controller to see the change";
}

function count(status: Record<string, unknown>, field: string, wanted: unknown, what: string): Waiting {
  const have = Number(status[field] ?? 0);
  return have >= Number(wanted) ? undefined : `${what} (${have} of ${Number(wanted)})`;
}

function surplus(status: Record<string, unknown>): Waiting {
  const old = Number(status.replicas ?? 0) - Number(status.updatedReplicas ?? 0);
  return old > 0 ? `${old} pods of the old version to end` : undefined;
}

function hasAddress(status: Record<string, unknown>): boolean {
  const { ingress } = (status.loadBalancer ?? {}) as { ingress?: unknown[] };
  return (ingress ?? []).length > 0;
}

function hasCondition(status: Record<string, unknown>, type: string): boolean {
  const conditions = Array.isArray(status.conditions)
    ? (status.conditions as { type?: string; status?: string }[])
    : [];
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}
