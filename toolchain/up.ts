import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { downloadAhead, ensureBuilt, expectBuilds, isBuilt } from "./binaries/build";
import { builds } from "./binaries/builds";
import { binaryGroups } from "./binaries/groups";
import { buildPlan } from "./binaries/plan";
import type { Docker } from "./docker/docker";
import { chooseDocker, ensureDockerd } from "./docker/dockerd";
import {
  addImages,
  addObservability,
  ensureGroup,
  observabilityGroups,
  type ObservabilityGroup,
  observabilityImage,
} from "./extras";
import { buildImages } from "./images/build";
import { hub, meshImages, nodeReferences } from "./images/catalog";
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
import { withLock, allOrFirstError, settledLater } from "./system/wait";
import { removeLeftovers } from "./system/leftovers";
import { type Logger, silent } from "./system/statusLine";
import { measured } from "./system/run";

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

/** Seconds that the steps after the builds take, for the forecast. */
const stepSeconds = { nodeImage: 45, cluster: 30, images: 20 };

/**
 * Brings the embedded cluster up. What is there is left alone, what is missing is made, and what has ended is started.
 * The cluster is made as soon as its own programs are there, beside what is still compiled.
 * @throws Error if the machine lacks something, or there is a cluster with another number of nodes.
 */
export async function up(options: UpOptions = {}): Promise<SandboxInfo> {
  const { log = silent, observability = observabilityGroups } = options;
  const paths = statePaths();
  const cache = cacheDir();
  const unbuilt = observability.filter((name) => !isBuilt(buildPlan(binaryGroups[name], cache)));
  const plans = [...Object.values(corePlans(cache)), ...unbuilt.map((name) => buildPlan(binaryGroups[name], cache))];
  // At once, so that builds that others ask for wait for those of the cluster.
  expectBuilds(plans);
  return withLock(lockName(paths), log, async () => {
    checkRequirements();
    await removeLeftovers(cache);
    downloadAhead(plans);
    const programs = startPrograms(cache, log);
    unbuilt.forEach((name) => void settledLater(ensureGroup(name, { log })));
    const sources = await programs.ofNodes;
    const docker = await ensureDocker(paths, cache, log);
    await linkProject();
    const { binDir, kubeconfig } = expectedInfo();
    const cluster: KindCluster = { docker, binDir, kubeconfig };
    await ensureCluster(cluster, sources, options.nodes, log, async () => {
      await programs.ofMesh;
      log("programs are there");
      await buildImages(docker, meshImages(sources.images), cache, log);
    });

    // What is built already is loaded together: nodes share the layers of one archive.
    const base = nodeReferences(sources.images).helper;
    const built = observabilityGroups.filter((name) => isBuilt(buildPlan(binaryGroups[name], cache)));
    const recipes = [
      ...meshImages(sources.images),
      ...built.map((name) => observabilityImage(base, name, buildPlan(binaryGroups[name], cache).binDir)),
    ];
    await builds.step("images", stepSeconds.images, () => addImages(recipes, { log }));
    await ensureMetrics(cluster, sources);
    log(`the cluster answers; kubeconfig ${kubeconfig}, context ${expectedInfo().context}`);
    // Last, because a first build takes long: the cluster can be looked at meanwhile.
    await addObservability(
      unbuilt.filter((name) => !built.includes(name)),
      { log },
    );
    const there = [...new Set([...built, ...unbuilt])];
    log(`the programs of observability are there: ${there.length > 0 ? there.join(", ") : "none is wanted"}`);
    return expectedInfo();
  });
}

/** The name of the lock that every command holds which changes the embedded cluster. */
export function lockName(paths: StatePaths): string {
  return `sidecar-mesh:${paths.root}`;
}

/**
 * Starts to build and download what the cluster and the mesh are made of.
 * @returns what settles once all is there that nodes need, and what the mesh needs besides.
 */
function startPrograms(cache: string, log: Logger): { ofNodes: Promise<NodeImageSources>; ofMesh: Promise<void> } {
  const { core, etcd, localPath, httpEcho } = corePlans(cache);
  // Downloads wait for the network, builds for the processor.
  const packages = settledLater(
    measured("Debian packages", async () => {
      await ensurePackages(dockerPackages, cache, log);
      await ensurePackages(basePackages, cache, log);
    }),
  );
  const envoy = settledLater(packages.then(() => measured("Envoy", () => ensureEnvoy(cache, log))));
  const compiled = settledLater(allOrFirstError([core, etcd, localPath].map((plan) => ensureBuilt(plan, log))));
  const echo = settledLater(ensureBuilt(httpEcho, log));
  const sources = { images: imageSources(cache), coreFolder: core.folder, cache };
  const root = settledLater(packages.then(() => ensureNodeRoot({ ...sources, built: compiled }, log)));
  return {
    ofNodes: settledLater(allOrFirstError([packages, compiled, root]).then(() => sources)),
    ofMesh: settledLater(allOrFirstError([envoy, echo])),
  };
}

async function ensureDocker(paths: StatePaths, cache: string, log: Logger): Promise<Docker> {
  const docker = await chooseDocker(paths, cache);
  if (docker.own) {
    return ensureDockerd(paths, cache, log);
  }
  log("the Docker that runs here is used");
  return docker;
}

/**
 * Creates the cluster, or starts the nodes that have ended.
 * @param meanwhile Done while the nodes come up; the base image is there then.
 */
async function ensureCluster(
  cluster: KindCluster,
  sources: NodeImageSources,
  wanted: number | undefined,
  log: Logger,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const nodes = await nodeStatuses(cluster);
  if (wanted !== undefined && nodes.length > 0 && nodes.length !== wanted) {
    throw new Error(
      `the cluster has ${nodes.length} of ${wanted} nodes, and kind cannot change that: ` +
        "delete it with npm run sandbox -- reset, then start again",
    );
  }
  if (nodes.length === 0) {
    const image = await builds.step("node image", stepSeconds.nodeImage, () =>
      ensureNodeImage(cluster.docker, sources, log),
    );
    const { versions } = sources.images;
    const base = await readFile(join(project, "commands", "kindCluster.yaml"), "utf8");
    const config = kindConfig(base, wanted ?? 1, {
      repository: hub,
      pause: nodeReferences(sources.images).pause,
      coreDnsTag: versions.coreDns,
      etcdTag: versions.etcd,
    });
    const created = builds.step("cluster", stepSeconds.cluster, () => createCluster(cluster, config, image, log));
    await allOrFirstError([created, meanwhile()]);
  } else if (nodes.some(({ running, ready }) => !running || !ready)) {
    await allOrFirstError([startCluster(cluster, log), meanwhile()]);
  } else {
    await meanwhile();
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
