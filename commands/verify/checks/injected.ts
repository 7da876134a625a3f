import type { LiveObject } from "../../../cluster/kubeClient";
import type { Check, Outcome } from "../check";
import { fail, pass } from "../check";
import { servicePods } from "../meshPods";
import { nameOf, proxyOf, tagOf } from "../objects";

const optOut = "sidecar.istio.io/inject";

/** @returns whether every pod has a sidecar, and why one has not. */
export function judgeInjected(pods: readonly LiveObject[], kubectl: string): Outcome {
  const bare = pods.find((pod) => proxyOf(pod) === undefined);
  if (!bare) {
    return pass(`${pods.length} pods have one`);
  }
  const { namespace = "default", labels, annotations } = bare.metadata ?? {};
  const says = labels?.[optOut] ?? annotations?.[optOut];
  return fail(
    `${nameOf(bare)} has no container istio-proxy`,
    says === "false"
      ? `${nameOf(bare)} opts out with ${optOut}=false: remove that from its Deployment's template`
      : `${nameOf(bare)} started without injection: before istiod was ready, or before the namespace was labelled. Restart it`,
    `${kubectl} -n ${namespace} get pods -o custom-columns=POD:.metadata.name,CONTAINERS:.spec['containers','initContainers'][*].name`,
  );
}

/** Does every pod of the services have its sidecar? */
export const injected: Check = {
  name: "injected",
  description: "every pod has its sidecar",
  needs: ["namespace"],
  run: async (context) => judgeInjected([...(await servicePods(context)).values()].flat(), context.cluster.kubectl),
};

/** @returns whether all proxies have the version of the control plane. */
export function judgeVersions(pods: readonly LiveObject[], tag: string, kubectl: string): Outcome {
  const other = pods.find((pod) => tagOf(proxyOf(pod)?.image) !== tag);
  return other
    ? fail(
        `the proxy of ${nameOf(other)} is ${tagOf(proxyOf(other)?.image)}, istiod ${tag}`,
        `${nameOf(other)} was injected by another version of Istio: restart it`,
        `${kubectl} -n ${other.metadata?.namespace} get pod ${other.metadata?.name} -o yaml`,
      )
    : pass(`${pods.length} proxies are ${tag}`);
}

/** Is all of Istio of one version? */
export const versions: Check = {
  name: "versions",
  description: "proxies of one version with istiod",
  needs: ["istiod", "injected", "gateway"],
  async run(context) {
    const { cluster, declared } = context;
    const { gateway, mesh } = declared.namespaces;
    const pods = (await Promise.all([gateway, mesh].map((one) => cluster.list("v1", "Pod", one)))).flat();
    return judgeVersions(
      pods.filter((pod) => proxyOf(pod) !== undefined),
      declared.istioTag,
      cluster.kubectl,
    );
  },
};
