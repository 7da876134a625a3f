import { statSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Docker } from "../docker/docker";
import { temporaryFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { run } from "../system/run";
import { dockerfileOf, fingerprint, fingerprintLabel, type ImageEntry, type ImageRecipe } from "./recipe";

/**
 * Builds the images that Docker does not have, or has from other files.
 * @param cache Folder for the build contexts, on the file system of the files that images are made of: they are linked,
 * not copied.
 * @returns the references of the images that were built.
 */
export async function buildImages(
  docker: Docker,
  recipes: readonly ImageRecipe[],
  cache: string,
  log: Logger,
): Promise<string[]> {
  const built: string[] = [];
  for (const recipe of recipes) {
    const base = recipe.base === undefined ? "" : await labelOf(docker, recipe.base);
    const wanted = fingerprint(recipe, statSync, base);
    const present = await Promise.all([recipe.reference, ...(recipe.aliases ?? [])].map((ref) => labelOf(docker, ref)));
    if (present.some((label) => label !== wanted)) {
      log(`image ${recipe.reference}`);
      await build(docker, recipe, wanted, cache);
      built.push(recipe.reference);
    }
  }
  return built;
}

/** What an image was made from; the empty string if there is no such image, or it is not one of ours. */
async function labelOf(docker: Docker, reference: string): Promise<string> {
  const format = `{{index .Config.Labels "${fingerprintLabel}"}}`;
  const { code, stdout } = await docker.tryRun(["image", "inspect", "--format", format, reference]);
  return code === 0 ? stdout.trim() : "";
}

async function build(docker: Docker, recipe: ImageRecipe, label: string, cache: string): Promise<void> {
  const context = await temporaryFolder(join(cache, "context"));
  try {
    await mkdir(join(context, "own"));
    await chmod(join(context, "own"), 0o755);
    for (const entry of recipe.entries) {
      await place(entry, join(context, "root"));
    }
    await writeFile(join(context, "Dockerfile"), dockerfileOf(recipe, label));
    const tags = [recipe.reference, ...(recipe.aliases ?? [])].flatMap((reference) => ["--tag", reference]);
    // The classic builder: BuildKit wants an image of its own from a registry, or a plugin.
    await docker.run(["build", "--quiet", ...tags, context], { env: { DOCKER_BUILDKIT: "0" }, timeoutMs: 600_000 });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function place(entry: ImageEntry, root: string): Promise<void> {
  const target = join(root, entry.path);
  await mkdir(dirname(target), { recursive: true });
  switch (entry.kind) {
    case "copy": {
      // A folder's content goes into a folder that may be there.
      const [from, to] = statSync(entry.from).isDirectory() ? [`${entry.from}/.`, `${target}/`] : [entry.from, target];
      await mkdir(from.endsWith("/.") ? target : dirname(target), { recursive: true });
      await run("cp", ["-al", from, to]);
      break;
    }
    case "text":
      // It may be a link to a file of the cache.
      await rm(target, { force: true });
      await writeFile(target, entry.text, { mode: 0o644 });
      break;
    case "link":
      await rm(target, { force: true });
      await symlink(entry.target, target);
      break;
    case "folder":
      await mkdir(target, { recursive: true });
      await chmod(target, entry.mode ?? 0o755);
      break;
  }
}
