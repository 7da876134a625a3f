import type { LiveObject } from "../../../cluster/kubeClient";
import type { Check, Outcome } from "../check";
import { fail, pass } from "../check";
import { isAlive, isReady, restartsOf } from "../objects";

/** Minutes during which a restart is news. */
const recentMinutes = 10;

/** @returns whether a container was started again lately. Pods that are not ready are other checks' matter. */
export function judgeRestarts(pods: readonly LiveObject[], now: number, kubectl: string): Outcome {
  const all = pods.filter((pod) => isAlive(pod) && isReady(pod)).flatMap(restartsOf);
  const recent = all.filter(({ at }) => now - at < recentMinutes * 60_000);
  const [first] = recent;
  if (first) {
    const [namespace, name] = first.pod.split("/");
    return fail(
      recent.map(({ pod, container, times }) => `${container} of ${pod}: ${times} times`).join("; "),
      `container ${first.container} of ${first.pod} ended less than ${recentMinutes} minutes ago: ${first.why}`,
      `${kubectl} -n ${namespace} logs ${name} -c ${first.container} --previous`,
    );
  }
  const old = all.length > 0 ? `; ${all.length} containers did before` : "";
  return pass(`no container was restarted in the last ${recentMinutes} minutes${old}`);
}

/** Does anything start again and again? */
export const restarts: Check = {
  name: "restarts",
  description: "nothing restarting",
  needs: [],
  last: true,
  async run({ cluster, declared }) {
    // What a stack did not need it has no namespace for, and one of an older program none of that name.
    const namespaces = [...new Set(Object.values(declared.namespaces))].filter((one) => one !== undefined);
    const pods = await Promise.all(namespaces.map((one) => cluster.list("v1", "Pod", one)));
    return judgeRestarts(pods.flat(), Date.now(), cluster.kubectl);
  },
};
