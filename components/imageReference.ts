import { isPort } from "./validation";

/** The parts of an image reference such as `quay.io/kiali/kiali:v2.27@sha256:...`. */
export interface ImageReference {
  /** Host, and port if it names one; undefined where the reference leaves it to Docker Hub. */
  registry?: string;
  /** Path in the registry. */
  repository: string;
  tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  digest?: string;
}

/** The grammar that container runtimes parse, as far as hosts, paths, tags and sha256 digests go. */
const pattern =
  /^(?:((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::\d{1,5})?)\/)?([a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** @returns the parts of a reference, undefined if it is none. */
export function parseImage(reference: string): ImageReference | undefined {
  const match = pattern.exec(reference);
  if (!match) {
    return undefined;
  }
  const [, first, path = "", tag, digest] = match;
  // What stands before the first slash is a host only if it looks like one; else it is a part of the path on Docker
  // Hub.
  const isHost = first !== undefined && (/[.:]/.test(first) || first === "localhost");
  if (isHost && !hasPossiblePort(first)) {
    return undefined;
  }
  return {
    ...(isHost && { registry: first }),
    repository: first !== undefined && !isHost ? `${first}/${path}` : path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** @returns false for `host:port` with a port that no server can listen on. */
function hasPossiblePort(host: string): boolean {
  const [, port] = host.split(":");
  return port === undefined || isPort(Number(port));
}

/** @returns true if a reference always means the same image: it has a digest, or a tag that is not `latest`. */
export function isPinnedImage(reference: string): boolean {
  const image = parseImage(reference);
  return image !== undefined && (image.digest !== undefined || (image.tag !== undefined && image.tag !== "latest"));
}

/** @returns true for a digest, `sha256:` and 64 hexadecimal digits. */
export function isDigest(value: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(value);
}

/** @returns true for a registry, with a path in it or without: `mirror.example:5000/mesh`. */
export function isRegistry(value: string): boolean {
  return (
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(value) &&
    hasPossiblePort(value.split("/")[0]!)
  );
}

/** @returns the reference with a digest in place of the one that it has. */
export function withDigest(reference: string, digest: string): string {
  return `${reference.replace(/@.*$/, "")}@${digest}`;
}

/**
 * @returns the reference as a mirror has it: the host is replaced, the path stays. What is in the mirror already is
 * left alone.
 * @param mirror Registry, with a path in it or without.
 */
export function inRegistry(reference: string, mirror: string): string {
  if (reference.startsWith(`${mirror}/`)) {
    return reference;
  }
  const { registry } = parseImage(reference) ?? {};
  return `${mirror}/${registry === undefined ? reference : reference.slice(registry.length + 1)}`;
}
