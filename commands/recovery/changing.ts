import { join } from "node:path";
import type { KubeClient } from "../../cluster/kubeClient";
import { ownBackend, ownBackendUrl } from "../pulumi/environment";
import type { PulumiStack } from "../pulumi/stack";
import { readProject } from "../session/stackFiles";
import { userFolder } from "../session/userFolder";
import type { ClusterMatch } from "../session/stackCluster";
import { recover, runVariable } from "./recovery";
import type { Leavings } from "../down/sweep";
import type { RunRecord } from "./runRecord";
import { RunRecords } from "./runRecord";

/** A run that may change a stack, after what an earlier one left half done is mended. */
export interface Change {
  /** Whether the state may differ from the cluster, so that the CLI has to refresh it. */
  mended: boolean;
  /** Environment that marks what this run starts. */
  env: NodeJS.ProcessEnv;
  /** Notes on this machine that the stack is being changed from now on, and what the run is to sweep in the end. */
  begin: (note?: Pick<RunRecord, "leavings">) => void;
  /** What an earlier removal of this stack, which was cut short, was to sweep. */
  leavings?: Leavings;
}

/**
 * Mends what an earlier run left, and keeps a record of this one while it changes the stack, so that the next run knows
 * of it if it is cut short.
 * @param match How the cluster compares with the one that the stack remembers.
 * @param work Changes the stack.
 * @throws What `work` throws; the record then stays.
 */
export async function changing<T>(
  stack: PulumiStack,
  client: KubeClient,
  match: ClusterMatch,
  log: (line: string) => void,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const records = new RunRecords(join(userFolder, "runs", `${stack.name}.json`));
  const place = {
    backend: await stack.backend(),
    cluster: client.kubeConfig.getCurrentCluster()?.server ?? "",
  };
  const mended = await recover({
    project: readProject().name,
    stack,
    ownBackend: stack.backendUrl === ownBackendUrl ? ownBackend : undefined,
    place,
    records,
    client,
    clusterIsNew: match === "made anew",
    log,
  });
  const earlier = records.read();
  const isHere = earlier?.backend === place.backend && earlier.cluster === place.cluster;
  let begun = false;
  try {
    const result = await work({
      mended,
      env: { [runVariable]: records.file },
      ...(isHere && earlier.leavings && { leavings: earlier.leavings }),
      begin: (note) => {
        records.begin({ ...place, ...note });
        begun = true;
      },
    });
    // A run that came to change nothing leaves an earlier one's record where it was not mended.
    if (begun || mended) {
      records.end();
    }
    return result;
  } catch (error) {
    if (begun) {
      records.fail();
    }
    throw error;
  }
}
