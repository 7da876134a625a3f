import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt, isBuilt } from "./binaries/build";
import { binaryGroups } from "./binaries/groups";
import { buildPlan } from "./binaries/plan";
import type { Docker } from "./docker/docker";
import { chooseDocker, ensureDockerd } from "./docker/dockerd";
import { addImages, addObservability, observabilityGroups } from "./extras";
import { buildImages } from "./images/build";
import { hub, meshImages, nodeReferences } from "./images/catalog";
import { type ObservabilityGroup, observabilityImage } from "./images/observability";
import { corePlans, expectedInfo, imageSources, type SandboxInfo } from "./info";
import { ensurePackages } from "./install/debian";
import { ensureEnvoy } from "./install/envoy";
import { basePackages, dockerPackages } from "./install/pins";
import { metricsKustomization } from "./kind/addonManifests";
import { applyKustomization, createCluster, type KindCluster, nodeStatuses, startCluster } from "./kind/cluster";
import { kindConfig } from "./kind/config";
import { ensureNodeImage, ensureNodeRoot, type NodeImageSources } from "./kind/nodeImage";
import { cacheDir, type StatePaths, statePaths } from "./paths";
import { checkRequirements } from "./requirements";
import { withLock } from "./system/lock";
import { type Logger, silent } from "./system/log";
import { allOrFirstError } from "./system/settle";

/** The project's folder. */
const project = join(__dirname, "..");

/** How the embedded cluster is brought up. */
export interface UpOptions {
  log?: Logger;
  /** Nodes of a cluster that is to be created: a control plane, and workers. Default: 1, or what the cluster has. */
  nodes?: number;
  /** Programs that observe the mesh, to be made besides those that are built already. Default: all. */
  observability?: readonly ObservabilityGroup[];
}

/**
 * Brings the embedded cluster up. What is there is left alone, what is missing is made, and what has ended is started.
 * @throws Error if the machine lacks something, or there is a cluster with another number of nodes.
 */
export async function up(options: UpOptions = {}): Promise<SandboxInfo> {
  const log = options.log ?? silent;
  const paths = statePaths();
  return withLock(lockName(paths), log, async () => {
    const cache = cacheDir();
    checkRequirements();
    const sources = await ensurePrograms(cache, log);
    const docker = await ensureDocker(paths, cache, log);
    await linkProject();
    const { binDir, kubeconfig } = expectedInfo();
    const cluster: KindCluster = { docker, binDir, kubeconfig };

    // What is built already is loaded together: nodes share the layers of one archive.
    const { images } = sources;
    const base = nodeReferences(images).helper;
    const built = observabilityGroups.filter((name) => isBuilt(buildPlan(binaryGroups[name], cache)));
    const recipes = [
      ...meshImages(images),
      ...built.map((name) => observabilityImage(base, name, buildPlan(binaryGroups[name], cache).binDir)),
    ];
    await ensureCluster(cluster, sources, options.nodes, log);
    await buildImages(docker, recipes, cache, log);
    await addImages(recipes, { log });
    await ensureMetrics(cluster, sources);
    log(`the cluster answers; kubeconfig ${kubeconfig}, context ${expectedInfo().context}`);
    // Last, because a first build takes a quarter of an hour: the cluster can be looked at meanwhile.
    const { observability = observabilityGroups } = options;
    const unbuilt = observability.filter((name) => !built.includes(name));
    await addObservability(unbuilt, { log });
    log(`the programs of observability are there: ${[...built, ...unbuilt].join(", ")}`);
    return expectedInfo();
  });
}

/** The name of the lock that every command holds which changes the embedded cluster. */
export function lockName(paths: StatePaths): string {
  return `sidecar-mesh:${paths.root}`;
}

/** Builds and downloads what the cluster and the mesh are made of. */
async function ensurePrograms(cache: string, log: Logger): Promise<NodeImageSources> {
  const { core, etcd, localPath, httpEcho } = corePlans(cache);
  // Downloads wait for the network, builds for the processor.
  await allOrFirstError([
    ensurePackages(dockerPackages, cache, log)
      .then(() => ensurePackages(basePackages, cache, log))
      .then(() => ensureEnvoy(cache, log)),
    ensureBuilt(core, log)
      .then(() => ensureBuilt(etcd, log))
      .then(() => ensureBuilt(localPath, log))
      .then(() => ensureBuilt(httpEcho, log)),
  ]);
  log("programs are there");
  const sources = { images: imageSources(cache), coreFolder: core.folder, cache };
  await ensureNodeRoot(sources, log);
  return sources;
}

async function ensureDocker(paths: StatePaths, cache: string, log: Logger): Promise<Docker> {
  const docker = await chooseDocker(paths, cache);
  if (docker.own) {
    return ensureDockerd(paths, cache, log);
  }
  log("the Docker that runs here is used");
  return docker;
}

/** Creates the cluster, or starts the nodes that have ended. */
async function ensureCluster(
  cluster: KindCluster,
  sources: NodeImageSources,
  wanted: number | undefined,
  log: Logger,
): Promise<void> {
  const nodes = await nodeStatuses(cluster);
  if (wanted !== undefined && nodes.length > 0 && nodes.length !== wanted) {
    throw new Error(
      `the cluster has ${nodes.length} of ${wanted} nodes, and kind cannot change that: ` +
        "delete it with npm run sandbox -- reset, then start again",
    );
  }
  if (nodes.length === 0) {
    const image = await ensureNodeImage(cluster.docker, sources, log);
    const { versions } = sources.images;
    const base = await readFile(join(project, "commands", "kindCluster.yaml"), "utf8");
    const config = kindConfig(base, wanted ?? 1, {
      repository: hub,
      pause: nodeReferences(sources.images).pause,
      coreDnsTag: versions.coreDns,
      etcdTag: versions.etcd,
    });
    await createCluster(cluster, config, image, log);
  } else if (nodes.some(({ running, ready }) => !running || !ready)) {
    await startCluster(cluster, log);
  }
  log("the nodes are ready");
}

async function ensureMetrics(cluster: KindCluster, { images, coreFolder }: NodeImageSources): Promise<void> {
  const image = { name: `${hub}/metrics-server`, tag: images.versions.metricsServer };
  await applyKustomization(cluster, coreFolder, metricsKustomization("metrics-server", image));
}

/** Links the charts and the kubeconfig into the project's folder, where Pulumi.sandbox.yaml names them. */
async function linkProject(): Promise<void> {
  const { chartsFolder, kubeconfig } = expectedInfo();
  const folder = join(project, ".toolchain");
  await mkdir(folder, { recursive: true });
  for (const [name, target] of Object.entries({ charts: chartsFolder, kubeconfig })) {
    await rm(join(folder, name), { force: true, recursive: true });
    await symlink(target, join(folder, name));
  }
}

/** Whether the cluster has been made on this machine. */
export function clusterExists(paths: StatePaths = statePaths()): boolean {
  return existsSync(paths.kubeconfig);
}
