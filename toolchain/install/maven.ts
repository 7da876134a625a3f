import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { thisMachine } from "../requirements";
import { makeFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { run } from "../system/run";
import type { JarPin } from "./pins";

/** Where a jar is kept. Pure. */
function jarPath({ artifact, version, classifier, sha256 }: JarPin, cache: string): string {
  const name = `${artifact}-${version}`;
  return join(cache, "jars", `${name}-${sha256.slice(0, 12)}`, `${name}-${classifier}.jar`);
}

/**
 * Fetches a jar with Maven, once, and checks it against the pinned digest.
 * @returns its path.
 * @throws Error if the machine has no Maven, or the digest is another one.
 */
export async function ensureJar(pin: JarPin, cache: string, log: Logger): Promise<string> {
  const { group, artifact, version, classifier, sha256 } = pin;
  const path = jarPath(pin, cache);
  await makeFolder(join(path, ".."), async (folder) => {
    log(`fetching ${artifact} ${version}`);
    if (!thisMachine().has("mvn")) {
      throw new Error(`no mvn, which fetches ${artifact}: install the package maven`);
    }
    const coordinates = `${group}:${artifact}:${version}:jar:${classifier}`;
    await run(
      "mvn",
      [
        ...[
          "--quiet",
          "--batch-mode",
          "-Dstyle.color=never",
          "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy",
        ],
        ...[`-Dartifact=${coordinates}`, `-DoutputDirectory=${folder}`],
      ],
      // Outside of this project, which Maven would look for a pom.xml in.
      { cwd: folder, timeoutMs: 600_000 },
    );
    const found = createHash("sha256")
      .update(await readFile(join(folder, `${artifact}-${version}-${classifier}.jar`)))
      .digest("hex");
    if (found !== sha256) {
      throw new Error(
        `${coordinates} has the digest ${found}, not ${sha256}: correct its pin in toolchain/install/pins.ts`,
      );
    }
  });
  return path;
}
