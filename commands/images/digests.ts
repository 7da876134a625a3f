import { writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { readDigests, digestsFile, releasedImages, type ImageDigests } from "../../stacks/imageDigests";
import { isDigest } from "../../components/imageReference";
import { defineCommand } from "../shared/defineCommand";
import { parseStrictly } from "../shared/flags";
import { ImageRepository } from "./imageRepository";

/** Kinds of manifests: indexes first, whose digest is for every platform. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/**
 * Asks an image's registry which digest its tag leads to.
 * @param reference Image with a tag.
 * @returns the digest, `sha256:` and 64 hexadecimal digits: of all platforms, where the image is for several.
 * @throws Error naming image, cause and fix.
 */
export async function registryDigest(reference: string): Promise<string> {
  const repository = new ImageRepository(reference, "give its digest with the config key images");
  const ask = (method: "HEAD" | "GET") =>
    repository.ask(`manifests/${repository.tag}`, { method, accept: manifestTypes });
  const digest = (await ask("HEAD")).headers.get("docker-content-digest");
  if (digest !== null) {
    return checked(repository, digest);
  }
  // The header is optional; the digest is that of the manifest's bytes.
  const manifest = await ask("GET");
  return `sha256:${createHash("sha256")
    .update(Buffer.from(await manifest.arrayBuffer()))
    .digest("hex")}`;
}

function checked({ reference, host }: ImageRepository, digest: string): string {
  if (!isDigest(digest)) {
    throw new Error(
      `${reference}: ${host} answers with the digest ${digest}, which is no sha256 digest; give its digest with the config key images`,
    );
  }
  return digest;
}

const help = `npm run digests -- [flags]

Asks each registry for the digests of the released images that components/versions.ts names, and writes them into
stacks/imageDigests.json. The profile prod then runs these images by digest. Run it after each change of a version.

      --check             Write nothing; fail if the file lacks an image, or a tag leads to another digest by now
      --json              Print the result as one JSON object on the last line
  -h, --help              This text
`;

/** Flags of `npm run digests`. */
function parse(argv: readonly string[]) {
  return parseStrictly(argv, {
    check: { type: "boolean", default: false },
  }).values;
}

/** How digests are renewed. */
export interface RenewOptions {
  /** Write nothing. Default false. */
  check?: boolean;
  file?: string;
  images?: readonly string[];
}

/** What a renewal came to. */
export interface Renewal {
  digests: ImageDigests;
  /** Images whose digest the file lacked or had otherwise, and those that it had for nothing, each as a line. */
  changes: string[];
}

/**
 * Asks for the digest of each image, one after another, and writes them.
 * @throws Error about the first image whose digest cannot be had; the file then stays as it was.
 */
export async function renewDigests(options: RenewOptions, log: (line: string) => void): Promise<Renewal> {
  const { check = false, file = digestsFile, images = releasedImages() } = options;
  const known = readDigests(file);
  const digests: Record<string, string> = {};
  for (const image of images) {
    digests[image] = await registryDigest(image);
    log(`${image} ${digests[image]}`);
  }
  const changes = changesOf(known, digests);
  if (!check && changes.length > 0) {
    writeFileSync(file, JSON.stringify(digests, undefined, 2) + "\n");
  }
  return { digests, changes };
}

/** @returns what differs, a line for each image. */
export function changesOf(known: ImageDigests, found: ImageDigests): string[] {
  const images = [...new Set([...Object.keys(known), ...Object.keys(found)])].sort();
  return images.flatMap((image) => {
    const [before, now] = [known[image], found[image]];
    if (before === now) {
      return [];
    }
    return now === undefined
      ? `${image}: not used any more`
      : before === undefined
        ? `${image}: new`
        : `${image}: the tag was moved from ${before} to ${now}`;
  });
}

/** `npm run digests`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ check }, log) => {
    const { digests, changes } = await renewDigests({ check }, log);
    changes.forEach((line) => log(line));
    if (check && changes.length > 0) {
      throw new Error(`${digestsFile} is not current; npm run digests writes it`);
    }
    log(changes.length === 0 ? "nothing has changed" : `written to ${digestsFile}`);
    return { digests, changes };
  },
  parse,
);
