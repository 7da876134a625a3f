import type { LiveObject } from "../../../cluster/kubeClient";
import type { Cluster } from "../cluster";
import type { Outcome } from "../check";
import { fail, pass } from "../check";

/** Minor versions of Kubernetes 1 that this Istio supports (istio.io, supported releases). */
export const supportedMinors = { oldest: 32, newest: 36 } as const;

/** Milliseconds that the API server has for its first answer. */
const answerMs = 5000;

/** @returns whether Istio supports a version such as `v1.36.3`. */
export function judgeVersion(gitVersion: string, kubectl: string): Outcome {
  const minor = Number(/^v1\.(\d+)\./.exec(gitVersion)?.[1] ?? Number.NaN);
  if (!(minor >= supportedMinors.oldest)) {
    return fail(
      `Kubernetes ${gitVersion}`,
      `this Istio supports Kubernetes 1.${supportedMinors.oldest} to 1.${supportedMinors.newest}; upgrade the cluster`,
      `${kubectl} version`,
    );
  }
  const newer = minor > supportedMinors.newest ? `, newer than Istio was tested with` : "";
  return pass(`Kubernetes ${gitVersion}${newer}`);
}

/** @returns whether at least one node takes pods and none has trouble. */
export function judgeNodes(nodes: readonly LiveObject[], kubectl: string): Outcome {
  const conditions = (node: LiveObject) =>
    (node.status?.conditions ?? []) as { type: string; status: string; message?: string }[];
  const notReady = nodes.filter(
    (node) => !conditions(node).some(({ type, status }) => type === "Ready" && status === "True"),
  );
  if (nodes.length === 0 || notReady.length > 0) {
    const names = notReady.map(({ metadata }) => metadata?.name).join(", ");
    return fail(
      `${nodes.length - notReady.length} of ${nodes.length} nodes are ready`,
      nodes.length === 0 ? "the cluster has no node" : `node ${names} is not ready: its kubelet or network is down`,
      `${kubectl} describe nodes ${names}`.trim(),
    );
  }
  return pass(`${nodes.length} ${nodes.length === 1 ? "node is" : "nodes are"} ready`);
}

/** Is there a cluster, of a version that Istio supports? Everything else asks it. */
export async function checkCluster(cluster: Cluster): Promise<Outcome> {
  const { status, body, error } = await cluster.raw("/version", answerMs);
  if (status !== 200) {
    return fail(
      error ?? `HTTP ${status}: ${body.slice(0, 200)}`,
      status === 401 || status === 403
        ? `the API server ${cluster.server} knows this user, or its rights, no longer: renew the kubeconfig`
        : `the API server ${cluster.server} does not answer: the cluster is not running, or the kubeconfig leads elsewhere`,
      `${cluster.kubectl} cluster-info`,
    );
  }
  const version = judgeVersion((JSON.parse(body) as { gitVersion: string }).gitVersion, cluster.kubectl);
  if (version.verdict !== "pass") {
    return version;
  }
  const nodes = judgeNodes(await cluster.list("v1", "Node"), cluster.kubectl);
  return nodes.verdict === "pass" ? pass(`${version.evidence}; ${nodes.evidence}`) : nodes;
}
