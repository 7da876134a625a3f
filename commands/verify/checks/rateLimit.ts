import type { Check } from "../check";
import { fail, pass, skip } from "../check";
import { nameOf, workloadTrouble } from "../objects";

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
