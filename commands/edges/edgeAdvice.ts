import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import type { KubeClient } from "../../cluster/kubeClient";
import type { DeclaredMesh, DeclaredService } from "../../stacks/declared";
import type * as Clusters from "../verify/cluster";
import { brokenEdges } from "./compareEdges";
import type { SeenEdge } from "./compareEdges";
import { usedEdges } from "./usedEdges";

const requireLate = createRequire(__filename);

/** Seconds that are looked back: what called a service lately will do so again. */
const lookBackSeconds = 3600;

/** @returns false if a change leaves alone who may call what. @param now Undefined where that is not known. */
export function changesAccess(now: DeclaredMesh | undefined, next: DeclaredMesh): boolean {
  const rules = ({ defaultDeny, services }: DeclaredMesh) => [
    defaultDeny,
    services.map(({ name, callers }) => ({ name, callers })),
  ];
  return now === undefined || !isDeepStrictEqual(rules(now), rules(next));
}

/** @returns the advice on an edge that a change breaks. @param services Of the change. */
export function adviceText(
  { caller, service, requests }: SeenEdge,
  services: readonly Pick<DeclaredService, "name">[],
): string {
  const called = `${caller} called ${service} ${requests} times in the last hour, and this change`;
  return services.some(({ name }) => name === service)
    ? `${called} refuses it: name it in allowFrom of ${service}, or stop it first`
    : `${called} removes ${service}: keep it, or stop the caller first`;
}

/**
 * Says which of today's edges a change breaks, by what Prometheus counted in the last hour. It is advice: it never
 * throws.
 * @param change What is in force, where that is known, and what a preview declares. A caller counts as let in now if it
 * was answered.
 * @returns a line for each edge; none if there is none, or no Prometheus of the stack's own.
 */
export async function edgeAdvice(
  { now, next }: { now?: DeclaredMesh; next?: DeclaredMesh },
  client: KubeClient,
): Promise<string[]> {
  const asked = now ?? next;
  if (!next || asked?.metrics.kind !== "prometheus" || !changesAccess(now, next)) {
    return [];
  }
  // It brings the library of all of Kubernetes' types, which commands that end before do without.
  const { Cluster } = requireLate("../verify/cluster") as typeof Clusters;
  try {
    const { edges } = await usedEdges({ cluster: new Cluster(client, "kubectl"), declared: asked }, lookBackSeconds);
    return brokenEdges(now, next, edges).map((edge) => adviceText(edge, next.services));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`who called which service in the last hour, and is refused by this change, is not known: ${why}`];
  }
}
