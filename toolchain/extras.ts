import { join } from "node:path";
import { downloadAhead, ensureBuilt, expectBuilds, isBuilt, moduleFolder } from "./binaries/build";
import { builds } from "./binaries/builds";
import { type BinaryGroup, binaryGroups, type GroupName } from "./binaries/groups";
import { buildPlan } from "./binaries/plan";
import { chooseDocker } from "./docker/dockerd";
import { buildImages } from "./images/build";
import { baseReference, cniImage, hub, NONROOT, programImage } from "./images/catalog";
import type { ImageRecipe } from "./images/recipe";
import { expectedInfo, imageSources, rateLimitTag } from "./info";
import { ensurePackages } from "./install/debian";
import { ensureJar } from "./install/maven";
import { javaPackages, redisPackages, REDIS_VERSION, zipkinJar } from "./install/pins";
import { loadImages } from "./kind/cluster";
import { cacheDir, statePaths } from "./paths";
import { type Logger, silent } from "./system/statusLine";
import { settledLater } from "./system/wait";

/** The groups of binaries that become images of the same name. */
export type ObservabilityGroup = Extract<
  GroupName,
  "prometheus" | "alertmanager" | "jaeger" | "otelcol" | "loki" | "fortio"
>;

/** Tags: the versions of the Go modules, as their go.mod has them. */
export const observabilityTags: Record<ObservabilityGroup, string> = {
  // First, because it is built in a moment.
  fortio: "1.67.0",
  prometheus: "0.316.0",
  alertmanager: "0.31.1",
  jaeger: "1.62.0",
  otelcol: "0.149.0",
  loki: "3.7.8",
};

/** The recipe of the image around the program of a group. Pure. */
export function observabilityImage(base: string, name: ObservabilityGroup, binDir: string): ImageRecipe {
  return programImage(base, {
    name,
    tag: observabilityTags[name],
    program: join(binDir, name),
    args: name === "fortio" ? ["server"] : undefined,
    user: NONROOT,
  });
}

/** The image of envoyproxy/ratelimit, whose tags are the first eight digits of a commit. Pure. */
function rateLimitImage(base: string, binDir: string, tag: string): ImageRecipe {
  return programImage(base, {
    name: "ratelimit",
    tag,
    program: join(binDir, "service_cmd"),
    user: NONROOT,
    // Where the published image has it.
    extra: [{ path: "/usr/bin/ratelimit", kind: "link", target: "/usr/local/bin/ratelimit" }],
  });
}

/** Reference of the image of Redis. */
export const redisReference = `${hub}/redis:${REDIS_VERSION}`;

/** The image of Redis, from the folder of its unpacked packages. Pure. */
function redisImage(base: string, folder: string): ImageRecipe {
  return programImage(base, {
    name: "redis",
    tag: REDIS_VERSION,
    // The server lies in the package of the tools, under the name of one of them: it acts by the name that it is called
    // by.
    program: join(folder, "usr/bin/redis-check-rdb"),
    programName: "redis-server",
    user: NONROOT,
    extra: [{ path: "/usr/lib/x86_64-linux-gnu", kind: "copy", from: join(folder, "usr/lib/x86_64-linux-gnu") }],
  });
}

/** The image of Zipkin, from its jar and the folder of Java's unpacked packages. Pure. */
function zipkinImage(base: string, jar: string, java: string): ImageRecipe {
  return {
    reference: `${hub}/zipkin:${zipkinJar.version}`,
    base,
    entries: [
      { path: "/zipkin/zipkin.jar", kind: "copy", from: jar },
      ...["etc/java-17-openjdk", "usr/lib"].map((folder) => ({
        path: `/${folder}`,
        kind: "copy" as const,
        from: join(java, folder),
      })),
    ],
    // The published image's start script takes JAVA_OPTS as well.
    entrypoint: ["/bin/sh", "-c", `exec ${javaProgram} $JAVA_OPTS -jar /zipkin/zipkin.jar`],
    user: NONROOT,
  };
}

const javaProgram = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

/**
 * Builds a group of binaries unless that was done before. It needs no cluster and no lock. If two do the same at once,
 * the first result is kept.
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

/** @returns those of the groups that are not built. */
export function unbuiltGroups<N extends GroupName>(names: readonly N[]): N[] {
  return names.filter((name) => builtGroup(name) === undefined);
}

/** Downloads what groups are made from, while something else is at work. */
export function downloadGroupsAhead(names: readonly GroupName[]): void {
  downloadAhead(names.map((name) => buildPlan(binaryGroups[name], cacheDir())));
}

/** @returns the seconds that it will take to build groups, by the speed of those that this process has built. */
export function forecastSeconds(names: readonly GroupName[]): number {
  return builds.forecast(unbuiltGroups(names));
}

/**
 * Shows how far the builds of this process are: on a terminal in one line, elsewhere, or if `quiet`, in a line a
 * minute.
 * @returns the logger to use from then on, whose lines come above that one.
 */
export function showProgress(log: Logger, options: { quiet?: boolean } = {}): Logger {
  return builds.showProgress(log, options);
}

/**
 * @returns the folder of Istio's charts in its Go module, which is downloaded if need be. Needs Go; nothing is built.
 */
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

/** Gives the running cluster the programs that observe a mesh. Each becomes an image as soon as it is built. */
export async function addObservability(
  groups: readonly ObservabilityGroup[],
  options: { log?: Logger } = {},
): Promise<void> {
  expectBuilds(groups.map((name) => buildPlan(binaryGroups[name], cacheDir())));
  // An image is made while the next program is compiled; a failure is seen when it is the program's turn.
  const built = groups.map((name) => settledLater(ensureGroup(name, options)));
  for (const [i, name] of groups.entries()) {
    await addImages([observabilityImage(baseImageReference(), name, await built[i]!)], options);
  }
}

/**
 * Gives the running cluster the rate limit service, which few stacks want.
 * @param options `redis`: the Redis as well. Default true.
 */
export async function addRateLimit(options: { log?: Logger; redis?: boolean } = {}): Promise<void> {
  const base = baseImageReference();
  if (options.redis ?? true) {
    const folder = await ensurePackages(redisPackages, cacheDir(), options.log ?? silent);
    await addImages([redisImage(base, folder)], options);
  }
  const binDir = await ensureGroup("ratelimit", options);
  await addImages([rateLimitImage(base, binDir, rateLimitTag())], options);
}

/** Gives the running cluster Zipkin, which few stacks want. */
export async function addZipkin(options: { log?: Logger } = {}): Promise<void> {
  const [cache, log] = [cacheDir(), options.log ?? silent];
  const java = await ensurePackages(javaPackages, cache, log);
  const jar = await ensureJar(zipkinJar, cache, log);
  await addImages([zipkinImage(baseImageReference(), jar, java)], options);
}

/** Gives the running cluster istio-cni's node agent, which few stacks want. */
export async function addIstioCni(options: { log?: Logger } = {}): Promise<void> {
  const binDir = await ensureGroup("istio-cni", options);
  await addImages([cniImage(baseImageReference(), binDir, expectedInfo().tag)], options);
}
