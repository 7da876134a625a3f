import { createHash } from "node:crypto";
import { isDigest, parseImage } from "../components/imageReference";

/** What an image reference leaves out means Docker Hub, whose API has another name than its images. */
const dockerHub = "registry-1.docker.io";
const dockerHubNames = ["docker.io", "index.docker.io"];

/** Kinds of manifests: indexes first, whose digest is for every platform. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** How long an answer may take, in milliseconds. */
const answerMs = 20_000;

/** A challenge of a registry: where it has tokens, and for what. */
interface Challenge {
  realm: string;
  service?: string;
  scope?: string;
}

/** Where a registry has the manifest of an image. */
interface ManifestPlace {
  url: string;
  /** Path of the image in the registry. */
  path: string;
  /** Whether the registry is on this machine. */
  isLocal: boolean;
}

/** @returns where the manifest of an image is. @throws Error if the reference has no tag. */
export function manifestPlace(reference: string): ManifestPlace {
  const image = parseImage(reference);
  if (image?.tag === undefined) {
    throw new Error(`${reference}: a reference with a tag is needed, such as busybox:1.37.0`);
  }
  const { registry, repository, tag } = image;
  const onHub = registry === undefined || dockerHubNames.includes(registry);
  const host = onHub ? dockerHub : registry;
  const path = onHub && !repository.includes("/") ? `library/${repository}` : repository;
  // A registry on this machine has no certificate; container tools ask it in plain text, too.
  const isLocal = /^(localhost|127(\.\d+){3})(:\d+)?$/.test(host);
  return { url: `${isLocal ? "http" : "https"}://${host}/v2/${path}/manifests/${tag}`, path, isLocal };
}

/**
 * Asks an image's registry, by the API of the OCI Distribution Specification, which digest its tag leads to. It logs in to nothing: the
 * registry has to show the image to everyone.
 * @param reference Image with a tag.
 * @returns the digest, `sha256:` and 64 hexadecimal digits: of all platforms, where the image is for several.
 * @throws Error naming image, cause and fix.
 */
export async function registryDigest(reference: string): Promise<string> {
  const { url } = manifestPlace(reference);
  const { host } = new URL(url);
  const ask = async (method: "HEAD" | "GET", token?: string) => {
    const headers = { accept: manifestTypes.join(", "), ...(token && { authorization: `Bearer ${token}` }) };
    return send(reference, url, { method, headers });
  };
  let token: string | undefined;
  let answer = await ask("HEAD");
  if (answer.status === 401) {
    token = await tokenFor(reference, challengeOf(answer.headers.get("www-authenticate") ?? ""));
    answer = await ask("HEAD", token);
  }
  refuse(reference, host, answer);
  const told = answer.headers.get("docker-content-digest");
  if (told !== null) {
    return checked(reference, host, told);
  }
  // The header is optional; the digest is that of the manifest's bytes.
  const manifest = await ask("GET", token);
  refuse(reference, host, manifest);
  return `sha256:${createHash("sha256")
    .update(Buffer.from(await manifest.arrayBuffer()))
    .digest("hex")}`;
}

/** @returns the challenge in a header `WWW-Authenticate`; undefined if it is none that asks for a token. */
export function challengeOf(header: string): Challenge | undefined {
  const [, parameters] = /^bearer\s+(.*)$/i.exec(header) ?? [];
  const found = Object.fromEntries(
    [...(parameters ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  );
  const { realm, service, scope } = found;
  return realm === undefined ? undefined : { realm, ...(service && { service }), ...(scope && { scope }) };
}

/**
 * @returns where a registry gives the token that it asks for.
 * @throws Error if it names no such place, or one where others could read the token.
 */
export function tokenPlace(reference: string, challenge: Challenge | undefined): URL {
  const { path, isLocal } = manifestPlace(reference);
  if (challenge === undefined || !URL.canParse(challenge.realm)) {
    throw new Error(`${reference}: its registry asks for a login, and names no place that gives tokens to everyone`);
  }
  const url = new URL(challenge.realm);
  if (url.protocol !== "https:" && !isLocal) {
    throw new Error(`${reference}: its registry has tokens at ${challenge.realm}, which is not https`);
  }
  url.searchParams.set("scope", challenge.scope ?? `repository:${path}:pull`);
  if (challenge.service) {
    url.searchParams.set("service", challenge.service);
  }
  return url;
}

async function tokenFor(reference: string, challenge: Challenge | undefined): Promise<string> {
  const url = tokenPlace(reference, challenge);
  const answer = await send(reference, url.href, {});
  refuse(reference, url.host, answer);
  const { token, access_token: accessToken } = (await answer.json()) as { token?: unknown; access_token?: unknown };
  const given = token ?? accessToken;
  if (typeof given !== "string") {
    throw new Error(`${reference}: ${url.host} answers without a token`);
  }
  return given;
}

async function send(reference: string, url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(answerMs) });
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    const why = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
    throw new Error(`${reference}: no answer of ${new URL(url).host} (${why}); is it reached from here?`, {
      cause: error,
    });
  }
}

/** @throws Error if an answer is none that was hoped for. */
function refuse(reference: string, host: string, { ok, status }: Response): void {
  if (ok) {
    return;
  }
  const fix: Record<number, string> = {
    401: "the image is not for everyone; give its digest with the config key images",
    403: "the image is not for everyone; give its digest with the config key images",
    404: "there is no such image; correct it in components/versions.ts",
    429: "too many requests; try again later",
  };
  throw new Error(`${reference}: ${host} answers ${status}: ${fix[status] ?? "try again later"}`);
}

function checked(reference: string, host: string, digest: string): string {
  if (!isDigest(digest)) {
    throw new Error(`${reference}: ${host} tells the digest ${digest}, which is no sha256 digest`);
  }
  return digest;
}
