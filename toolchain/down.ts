import { rm } from "node:fs/promises";
import { chooseDocker, endDockerd } from "./docker/dockerd";
import { dockerProblem } from "./docker/docker";
import { expectedInfo } from "./info";
import { deleteCluster, type KindCluster, stopCluster } from "./kind/cluster";
import { cacheDir, statePaths } from "./paths";
import { withLock } from "./system/wait";
import { type Logger, silent } from "./system/statusLine";
import { lockName } from "./up";

/**
 * Stops the embedded cluster, and the Docker that was started for it. A Docker that ran before goes on. The cluster's
 * state stays: the next `up` goes on with it.
 */
export async function down(options: { log?: Logger } = {}): Promise<void> {
  await end(options.log ?? silent, stopCluster);
}

/**
 * Deletes the embedded cluster, and the data of the Docker that was started for it. What was built or downloaded stays.
 * @param options `keepImages` leaves the images in that Docker, so that the next cluster comes sooner. Default: they
 * go.
 */
export async function reset(options: { log?: Logger; keepImages?: boolean } = {}): Promise<void> {
  const { log = silent, keepImages = false } = options;
  const paths = statePaths();
  // With a Docker of our own, deleting its data deletes the cluster: it need not run for that.
  await end(log, async (cluster) => {
    if (!cluster.docker.own || keepImages) {
      await deleteCluster(cluster);
    }
  });
  for (const path of [...(keepImages ? [] : [paths.dockerData]), paths.logs, paths.kubeconfig]) {
    await rm(path, { recursive: true, force: true });
  }
  log("the cluster is deleted");
}

async function end(log: Logger, work: (cluster: KindCluster) => Promise<void>): Promise<void> {
  const paths = statePaths();
  const cache = cacheDir();
  await withLock(lockName(paths), log, async () => {
    const docker = await chooseDocker(paths, cache);
    if ((await dockerProblem(docker)) === undefined) {
      const { binDir, kubeconfig } = expectedInfo();
      await work({ docker, binDir, kubeconfig });
      log("the nodes have stopped");
    }
    if (docker.own) {
      await endDockerd(paths, cache, log);
    }
  });
}
