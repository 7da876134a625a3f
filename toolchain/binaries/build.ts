import { existsSync } from "node:fs";
import { cp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../system/atomic";
import type { Logger } from "../system/log";
import { run } from "../system/run";
import type { ModuleFiles } from "./groups";
import type { BuildPlan } from "./plan";
import { BuildProgress } from "./progress";

/** Whether a group is built and complete. */
export function isBuilt(plan: BuildPlan): boolean {
  return existsSync(plan.folder);
}

/** Builds a group unless that was done before. */
export async function ensureBuilt(plan: BuildPlan, log: Logger): Promise<void> {
  if (isBuilt(plan)) {
    return;
  }
  log(`building ${plan.group.outputs.join(", ")} (the first time this can take a quarter of an hour)`);
  await makeFolder(plan.folder, async (folder) => {
    const binDir = join(folder, "bin");
    await mkdir(binDir, { recursive: true });
    await (plan.group.collectorManifest
      ? buildCollector(plan, plan.group.collectorManifest, folder, binDir, log)
      : plan.group.embeds
        ? buildWithEmbeds(plan, plan.group.embeds, folder, binDir, log)
        : goBuild(plan, plan.moduleDir, `${binDir}/`, "tool", log));
    const missing = plan.group.outputs.filter((output) => !existsSync(join(binDir, output)));
    if (missing.length > 0) {
      throw new Error(`${plan.group.name}: go build did not make ${missing.join(", ")}; see its go.mod's tool lines`);
    }
    for (const [name, output] of Object.entries(plan.group.links ?? {})) {
      await symlink(output, join(binDir, name));
    }
    await copyFiles(plan, plan.group.files ?? [], folder);
  });
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
  log: Logger,
): Promise<void> {
  const source = join(folder, "source");
  await cp(plan.moduleDir, source, { recursive: true });
  await copyFiles(plan, embeds, source);
  await goBuild(plan, source, `${binDir}/`, "tool", log);
  await rm(source, { recursive: true });
}

async function goBuild(plan: BuildPlan, cwd: string, output: string, what: string, log: Logger): Promise<void> {
  const progress = new BuildProgress(plan.group.name, log);
  const options = { cwd, env: { CGO_ENABLED: "0" }, onErrorLine: (line: string) => progress.take(line) };
  try {
    // Downloads what is missing; then it is known how many packages there are.
    progress.total = (await run("go", ["list", "-deps", what], options)).trim().split("\n").length;
    await run("go", ["build", "-v", ...plan.flags, "-o", output, what], options);
  } finally {
    progress.end();
  }
}

/** Generates an OpenTelemetry Collector's main from its manifest, and builds it with the pins that are committed. */
async function buildCollector(
  plan: BuildPlan,
  manifest: string,
  folder: string,
  binDir: string,
  log: Logger,
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
  await goBuild(plan, source, join(binDir, plan.group.name), ".", log);
  await rm(source, { recursive: true });
}
