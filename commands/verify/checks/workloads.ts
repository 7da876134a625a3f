import { loadGeneratorName } from "../../../components/loadGenerator";
import type { Check } from "../check";
import { fail, pass, skip } from "../check";
import { nameOf, workloadTrouble } from "../objects";
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

/** Does every service have pods that are ready? */
export const workloads: Check = {
  name: "workloads",
  description: "pods of every service ready",
  needs: [],
  async run({ cluster, declared }) {
    const { mesh } = declared.namespaces;
    const generator =
      declared.loadPerSecond !== undefined && declared.services.some(({ path }) => path !== undefined)
        ? [loadGeneratorName]
        : [];
    const names = [...declared.services.flatMap(({ deployments }) => deployments), ...generator];
    const troubles = await Promise.all(names.map((name) => troubleOfWorkload(cluster, "Deployment", mesh, name)));
    const troubled = troubles.filter((trouble) => trouble !== undefined);
    return troubled.length > 0
      ? fail(
          troubled.join("; "),
          `not every service runs: ${troubled[0]}`,
          `${cluster.kubectl} -n ${mesh} describe pods; ${cluster.kubectl} -n ${mesh} get events --sort-by .lastTimestamp`,
        )
      : pass(names.join(", "));
  },
};

/** Is the service ready that counts requests over all pods? */
export const rateLimit: Check = {
  name: "rate-limit",
  description: "rate limit service ready",
  needs: [],
  async run({ cluster, declared }) {
    const { rateLimit: namespace } = declared.namespaces;
    if (namespace === undefined) {
      return skip("no service has a globalRateLimit");
    }
    const [deployments, pods] = await Promise.all([
      cluster.list("apps/v1", "Deployment", namespace),
      cluster.list("v1", "Pod", namespace),
    ]);
    const trouble =
      deployments.length === 0
        ? `the namespace ${namespace} has no Deployment`
        : deployments.map((one) => workloadTrouble(one, pods)).find((one) => one !== undefined);
    return trouble
      ? fail(
          trouble,
          `the rate limit service does not count requests: ${trouble}`,
          `${cluster.kubectl} -n ${namespace} describe deployments`,
        )
      : pass(deployments.map(nameOf).join(", "));
  },
};
