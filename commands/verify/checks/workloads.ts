import { loadGeneratorName } from "../../../components/loadGenerator";
import type { Check } from "../check";
import { fail, pass } from "../check";
import { troubleOfWorkload } from "../workloads";

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
