import type { Check } from "../check";
import { fail, pass } from "../check";
import { troubleOfWorkload } from "../workloads";

/** Is the ingress gateway ready? */
export const gateway: Check = {
  name: "gateway",
  description: "ingress gateway ready",
  needs: [],
  async run({ cluster, declared }) {
    const { name } = declared.gateway;
    const namespace = declared.namespaces.gateway;
    const trouble =
      (await troubleOfWorkload(cluster, "Deployment", namespace, name)) ??
      ((await cluster.find("v1", "Service", namespace, name)) ? undefined : `Service ${namespace}/${name} is gone`);
    return trouble
      ? fail(
          trouble,
          `the ingress gateway takes no requests: ${trouble}`,
          `${cluster.kubectl} -n ${namespace} get deployment,service,pods`,
        )
      : pass(`${namespace}/${name} is ready`);
  },
};
