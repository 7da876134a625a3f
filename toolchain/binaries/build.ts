import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { isMeasured, timedCommand, run } from "../system/run";
import { builds } from "./builds";
import type { GroupName, ModuleFiles } from "./groups";
import { buildEnv } from "./plan";
import type { BuildPlan } from "./plan";

/** Takes each line that Go prints. @returns whether it was one of progress. */
type TakeLine = (line: string) => boolean;

/** Whether a group is built and complete. */
export function isBuilt(plan: BuildPlan): boolean {
  return existsSync(plan.folder);
}

/**
 * Says that groups will be built, so that those that come later in the order wait for them. Those that are built are
 * passed over.
 */
export function expectBuilds(plans: readonly BuildPlan[]): void {
  builds.expect(plans.filter((plan) => !isBuilt(plan)).map(nameOf));
}

/**
 * Downloads what groups are made from, one after the other, while something else is at work. Those that are built are
 * passed over.
 */
export function downloadAhead(plans: readonly BuildPlan[]): void {
  for (const plan of plans.filter((one) => !isBuilt(one))) {
    builds.downloadAhead(nameOf(plan), () => downloadModules(plan));
  }
}

/**
 * Builds a group unless that was done before, when it is its turn. A build that is interrupted goes on where it was: Go
 * keeps each package that it has compiled.
 */
export async function ensureBuilt(plan: BuildPlan, log: Logger): Promise<void> {
  const name = nameOf(plan);
  if (isBuilt(plan)) {
    builds.drop(name);
    return;
  }
  downloadAhead([plan]);
  await builds.build(name, log, async (take) => {
    if (!isBuilt(plan)) {
      log(`building ${plan.group.outputs.join(", ")}`);
      await builds.downloaded(name);
      await makeFolder(plan.folder, (folder) => build(plan, folder, take));
    }
  });
}

function nameOf({ group }: BuildPlan): GroupName {
  return group.name as GroupName;
}

/** Loads the packages of a group, which downloads their modules. */
async function downloadModules({ group, moduleDir }: BuildPlan): Promise<void> {
  const what = group.collectorManifest
    ? partsOf(readFileSync(join(moduleDir, group.collectorManifest), "utf8"))
    : ["tool"];
  // Some embed files that are not there before the build: -e passes over that.
  const tags = group.tags?.length ? [`-tags=${group.tags.join(",")}`] : [];
  await run("go", ["list", "-e", "-deps", ...tags, ...what], { cwd: moduleDir, env: { CGO_ENABLED: "0" } });
}

/** The packages that a manifest of the Collector's builder names, each of which is a module. Pure. */
function partsOf(manifest: string): string[] {
  return [...manifest.matchAll(/gomod:\s*(\S+)/g)].map(([, path]) => path!);
}

async function build(plan: BuildPlan, folder: string, take: TakeLine): Promise<void> {
  const { group } = plan;
  const binDir = join(folder, "bin");
  await mkdir(binDir, { recursive: true });
  await (group.collectorManifest
    ? buildCollector(plan, group.collectorManifest, folder, binDir, take)
    : group.embeds
      ? buildWithEmbeds(plan, group.embeds, folder, binDir, take)
      : goBuild(plan, plan.moduleDir, `${binDir}/`, "tool", take));
  const missing = group.outputs.filter((output) => !existsSync(join(binDir, output)));
  if (missing.length > 0) {
    throw new Error(`${group.name}: go build did not make ${missing.join(", ")}; see its go.mod's tool lines`);
  }
  for (const [name, output] of Object.entries(group.links ?? {})) {
    await symlink(output, join(binDir, name));
  }
  await copyFiles(plan, group.files ?? [], folder);
}

/** @returns the folder of a module that a group needs, in Go's module cache; it is downloaded if need be. */
export async function moduleFolder({ moduleDir }: Pick<BuildPlan, "moduleDir">, module: string): Promise<string> {
  await run("go", ["mod", "download", module], { cwd: moduleDir });
  return (await run("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd: moduleDir })).trim();
}

/** Copies files of modules. Go keeps its module cache read-only; a copy must be removable. */
async function copyFiles(plan: BuildPlan, files: readonly ModuleFiles[], folder: string): Promise<void> {
  for (const { module, from, to } of files) {
    await cp(join(await moduleFolder(plan, module), from), join(folder, to), { recursive: true, mode: 0 });
    await run("chmod", ["-R", "u+w", join(folder, to)]);
  }
}

/** Builds a program of ours with the files that it embeds, in a copy of its sources. */
async function buildWithEmbeds(
  plan: BuildPlan,
  embeds: readonly ModuleFiles[],
  folder: string,
  binDir: string,
  take: TakeLine,
): Promise<void> {
  const source = join(folder, "source");
  await cp(plan.moduleDir, source, { recursive: true });
  await copyFiles(plan, embeds, source);
  await goBuild(plan, source, `${binDir}/`, "tool", take);
  await rm(source, { recursive: true });
}

async function goBuild(plan: BuildPlan, cwd: string, output: string, what: string, take: TakeLine): Promise<void> {
  const args = ["build", "-v", ...plan.flags, "-o", output, what];
  const [command, all] = isMeasured() ? timedCommand("go", args) : ["go", args];
  await run(command, all, { cwd, env: buildEnv(totalmem(), process.env), onErrorLine: take });
}

/** Generates an OpenTelemetry Collector's main from its manifest, and builds it with the pins that are committed. */
async function buildCollector(
  plan: BuildPlan,
  manifest: string,
  folder: string,
  binDir: string,
  take: TakeLine,
): Promise<void> {
  const source = join(folder, "source");
  await mkdir(source);
  const copy = (names: string[]) =>
    Promise.all(names.map((name) => cp(join(plan.moduleDir, name), join(source, name))));
  await copy(["go.mod", "go.sum", manifest]);
  await run("go", ["tool", "builder", "--config", manifest, "--skip-get-modules", "--skip-compilation"], {
    cwd: source,
    env: { CGO_ENABLED: "0" },
  });
  // The builder has put a go.mod of its own there, which pins less.
  await copy(["go.mod", "go.sum"]);
  await goBuild(plan, source, join(binDir, plan.group.name), ".", take);
  await rm(source, { recursive: true });
}
