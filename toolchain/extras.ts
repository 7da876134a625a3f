import { join } from "node:path";
import { ensureBuilt, isBuilt, moduleFolder } from "./binaries/build";
import { type BinaryGroup, binaryGroups, type GroupName } from "./binaries/groups";
import { buildPlan } from "./binaries/plan";
import { chooseDocker } from "./docker/dockerd";
import { buildImages } from "./images/build";
import { baseReference, cniImage } from "./images/catalog";
import { type ObservabilityGroup, observabilityImage, observabilityTags } from "./images/observability";
import { rateLimitImage, redisImage } from "./images/rateLimit";
import type { ImageRecipe } from "./images/recipe";
import { expectedInfo, imageSources, rateLimitTag } from "./info";
import { ensurePackages } from "./install/debian";
import { redisPackages } from "./install/pins";
import { loadImages } from "./kind/cluster";
import { cacheDir, statePaths } from "./paths";
import { type Logger, silent } from "./system/log";

/**
 * Builds a group of binaries unless that was done before. It needs no cluster and no lock. If two do the same at once, the first result
 * is kept.
 * @returns the folder of the binaries.
 */
export async function ensureGroup(name: GroupName, options: { log?: Logger } = {}): Promise<string> {
  const group: BinaryGroup = binaryGroups[name];
  const plan = buildPlan(group, cacheDir());
  await ensureBuilt(plan, options.log ?? silent);
  return plan.binDir;
}

/** @returns the folder of a group's binaries if it is built; undefined otherwise. */
export function builtGroup(name: GroupName): string | undefined {
  const plan = buildPlan(binaryGroups[name], cacheDir());
  return isBuilt(plan) ? plan.binDir : undefined;
}

/** @returns the folder of Istio's charts in its Go module, which is downloaded if need be. Needs Go; nothing is built. */
export async function moduleCharts(): Promise<string> {
  return join(await moduleFolder(buildPlan(binaryGroups.core, cacheDir()), "istio.io/istio"), "manifests", "charts");
}

/** Gives the running cluster more images. Those that it has, made from the same files, are left alone. */
export async function addImages(recipes: readonly ImageRecipe[], options: { log?: Logger } = {}): Promise<void> {
  const cache = cacheDir();
  const { kubeconfig, binDir } = expectedInfo();
  const docker = await chooseDocker(statePaths(), cache);
  await buildImages(docker, recipes, cache, options.log ?? silent);
  await loadImages(
    { docker, binDir, kubeconfig },
    recipes.map(({ reference }) => reference),
  );
}

/** Reference of the image that images of programs are made on. */
export function baseImageReference(): string {
  return baseReference(imageSources().versions.busybox);
}

/** The programs that observe a mesh, and the load generator. */
export const observabilityGroups = Object.keys(observabilityTags) as ObservabilityGroup[];

/**
 * Gives the running cluster the programs that observe a mesh. They are built one after the other, because each uses every processor
 * there is, and each becomes an image as soon as it is built.
 */
export async function addObservability(
  groups: readonly ObservabilityGroup[],
  options: { log?: Logger } = {},
): Promise<void> {
  for (const name of groups) {
    const binDir = await ensureGroup(name, options);
    await addImages([observabilityImage(baseImageReference(), name, binDir)], options);
  }
}

/** Gives the running cluster the rate limit service and Redis, which few stacks want. */
export async function addRateLimit(options: { log?: Logger } = {}): Promise<void> {
  const folder = await ensurePackages(redisPackages, cacheDir(), options.log ?? silent);
  const binDir = await ensureGroup("ratelimit", options);
  const base = baseImageReference();
  await addImages([redisImage(base, folder), rateLimitImage(base, binDir, rateLimitTag())], options);
}

/** Gives the running cluster istio-cni's node agent, which few stacks want. */
export async function addIstioCni(options: { log?: Logger } = {}): Promise<void> {
  const binDir = await ensureGroup("istio-cni", options);
  await addImages([cniImage(baseImageReference(), binDir, expectedInfo().tag)], options);
}
