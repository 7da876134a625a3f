import { createHash } from "node:crypto";
import { isDigest } from "../components/imageReference";
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
  const told = (await ask("HEAD")).headers.get("docker-content-digest");
  if (told !== null) {
    return checked(repository, told);
  }
  // The header is optional; the digest is that of the manifest's bytes.
  const manifest = await ask("GET");
  return `sha256:${createHash("sha256")
    .update(Buffer.from(await manifest.arrayBuffer()))
    .digest("hex")}`;
}

function checked({ reference, host }: ImageRepository, digest: string): string {
  if (!isDigest(digest)) {
    throw new Error(`${reference}: ${host} tells the digest ${digest}, which is no sha256 digest`);
  }
  return digest;
}
