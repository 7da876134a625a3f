import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap } from "../common/isMap";
import { isDigest, parseImage } from "../components/imageReference";
import { images, istioHub, istioVersion } from "../components/versions";
import { ConfigError } from "./configError";

/** Istio's own images, by the name that the key `images` calls them, with their name in the hub. */
export const istioImages = { pilot: "pilot", proxyv2: "proxyv2", installCni: "install-cni" } as const;

/** Digests of released images, by the reference that names the tag: another version has none until it is asked for. */
export type ImageDigests = Readonly<Record<string, string>>;

/** What `npm run digests` writes. Without it images go by their tags. */
export const digestsFile = join(__dirname, "imageDigests.json");

/** @returns the references of all images that the stack can run, as `components/versions.ts` has them. */
export function releasedImages(): string[] {
  return [
    ...Object.values(images),
    ...Object.values(istioImages).map((name) => `${istioHub}/${name}:${istioVersion}`),
  ].sort();
}

/**
 * Reads what `npm run digests` has written.
 * @returns the digests; none if there is no such file.
 * @throws ConfigError if the file has anything else in it.
 */
export function readDigests(file = digestsFile): ImageDigests {
  if (!existsSync(file)) {
    return {};
  }
  const fix = "write the file again with npm run digests, or remove it";
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new ConfigError([{ file, key: "the file", fix: `no JSON: ${fix}` }]);
  }
  if (!isMap(content)) {
    throw new ConfigError([{ file, key: "the file", value: content, fix }]);
  }
  const wrong = Object.entries(content).filter(
    ([image, digest]) => parseImage(image) === undefined || typeof digest !== "string" || !isDigest(digest),
  );
  if (wrong.length > 0) {
    throw new ConfigError(wrong.map(([key, value]) => ({ file, key, value, fix })));
  }
  return content as ImageDigests;
}
