import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, isBuilt, moduleFolder } from "./binaries/build";
import { type BinaryGroup, binaryGroups, type GroupName } from "./binaries/groups";
import { type BuildPlan, buildPlan } from "./binaries/plan";
import { requiredVersion, pseudoVersionCommit } from "./binaries/goMod";
import { cniImage } from "./images/catalog";
import { importImages } from "./images/import";
import { type ObservabilityGroup, observabilityImages } from "./images/observability";
import { rateLimitImage, redisImage } from "./images/rateLimit";
import type { ImageRecipe } from "./images/recipe";
import { expectedInfo } from "./info";
import { ensureUnpacked } from "./install/debian";
import { redisLibraries, redisServer } from "./install/pins";
import { cacheDir, statePaths } from "./paths";
import { type Logger, silent } from "./system/log";

/**
 * Builds a group of binaries unless that was done before, and gives their folder. Needs no cluster and no lock: it may run
 * beside anything, and when two do the same at once, the first result is kept.
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

/** Gives the running cluster more images. Those it has, made from the same files, are left alone. */
export async function addImages(recipes: readonly ImageRecipe[], options: { log?: Logger } = {}): Promise<void> {
  await importImages(statePaths(), recipes, options.log ?? silent);
}

/** A program that observes a mesh: how it is built, and the image that is made of it. */
export interface ObservabilityProgram {
  plan: BuildPlan;
  image: ImageRecipe;
}

/** @returns all programs that observe a mesh, built or not. */
export function observabilityPrograms(): ObservabilityProgram[] {
  return Object.entries(observabilityImages).map(([name, image]) => {
    const plan = buildPlan(binaryGroups[name as ObservabilityGroup], cacheDir());
    return { plan, image: image(plan.binDir) };
  });
}

/**
 * Gives the running cluster programs that observe a mesh. They are built one after the other, because each uses every processor
 * there is, and each becomes an image as soon as it is built.
 */
export async function addObservability(
  programs: readonly ObservabilityProgram[],
  options: { log?: Logger } = {},
): Promise<void> {
  for (const { plan, image } of programs) {
    await ensureBuilt(plan, options.log ?? silent);
    await addImages([image], options);
  }
}

/** Gives the running cluster the rate limit service and Redis, which few stacks want. */
export async function addRateLimit(options: { log?: Logger } = {}): Promise<void> {
  const cache = cacheDir();
  for (const { pin, file } of [redisServer, ...redisLibraries]) {
    await ensureUnpacked(pin, file, cache, options.log ?? silent);
  }
  const binDir = await ensureGroup("ratelimit", options);
  await addImages([await redisImage(cache), rateLimitImage(binDir, rateLimitTag())], options);
}

/** Gives the running cluster istio-cni's node agent, which few stacks want. */
export async function addIstioCni(options: { log?: Logger } = {}): Promise<void> {
  const binDir = await ensureGroup("istio-cni", options);
  await addImages([await cniImage(binDir, expectedInfo().tag)], options);
}

/** The tag of the rate limit service's image, the commit that is pinned. */
export function rateLimitTag(): string {
  const { moduleDir } = buildPlan(binaryGroups.ratelimit, cacheDir());
  const version = requiredVersion(readFileSync(join(moduleDir, "go.mod"), "utf8"), "github.com/envoyproxy/ratelimit");
  return (pseudoVersionCommit(version) ?? version).slice(0, 8);
}
