import { statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StatePaths } from "../paths";
import type { Logger } from "../system/log";
import { run } from "../system/run";
import { writeArchive } from "./archive";
import { fingerprint, type ImageRecipe } from "./recipe";

/** The label that tells what an imported image was made from. */
const LABEL = "sidecar-mesh/fingerprint";

/** Reference -> fingerprint, from `ctr images ls`. Pure. */
export function importedImages(listing: string): Map<string, string> {
  const images = new Map<string, string>();
  for (const line of listing.split("\n").slice(1)) {
    const reference = line.split(/\s+/)[0];
    const label = new RegExp(`${LABEL}=([0-9a-f]+)`).exec(line)?.[1];
    if (reference && label) {
      images.set(reference, label);
    }
  }
  return images;
}

/** Assembles and imports the images that containerd does not have, or has from other sources. Gives the imported ones. */
export async function importImages(paths: StatePaths, recipes: readonly ImageRecipe[], log: Logger): Promise<string[]> {
  const ctr = (...args: string[]): Promise<string> =>
    run("ctr", ["--address", paths.containerdSocket, "--namespace", "k8s.io", "images", ...args], {
      timeoutMs: 300_000,
    });
  const present = importedImages(await ctr("ls"));
  const folder = join(paths.run, "import");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const imported: string[] = [];
  // One after the other: the disk is what limits this, and archives of all images at once need twice the room.
  for (const recipe of recipes) {
    const wanted = fingerprint(recipe, statSync);
    if (present.get(recipe.reference) === wanted) {
      continue;
    }
    log(`image ${recipe.reference}`);
    const archive = join(folder, `${wanted}.tar`);
    await rm(archive, { force: true });
    try {
      await writeArchive(recipe, archive);
      await ctr("import", archive);
      // Set last: an image without the label is imported again.
      await ctr("label", recipe.reference, `${LABEL}=${wanted}`);
    } finally {
      await rm(archive, { force: true });
    }
    imported.push(recipe.reference);
  }
  return imported;
}
