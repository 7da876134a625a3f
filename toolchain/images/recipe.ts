import { createHash } from "node:crypto";

/** One thing in an image's file system. Paths are absolute. */
export type ImageEntry =
  | { path: string; kind: "copy"; from: string }
  | { path: string; kind: "text"; text: string }
  | { path: string; kind: "link"; target: string }
  | { path: string; kind: "folder"; mode?: number };

/** All there is to know to build an image. */
export interface ImageRecipe {
  /** Full reference, tag included. */
  reference: string;
  /** Further references of the same image. */
  aliases?: readonly string[];
  /** Reference of the image below. Default: none. */
  base?: string;
  entries: readonly ImageEntry[];
  /** A folder that the user of the image owns. It is empty. */
  ownFolder?: string;
  entrypoint?: readonly string[];
  args?: readonly string[];
  /** Numeric, so that the kubelet can check runAsNonRoot. Default: root. */
  user?: number;
}

/** The label that says what an image was made from. */
export const fingerprintLabel = "sidecar-mesh.fingerprint";

/** A file's identity without reading it. */
export interface FileStamp {
  size: number;
  mtimeMs: number;
}

/** A name for all that an image is made of. An image with the same one need not be built again. Pure. */
export function fingerprint(recipe: ImageRecipe, stampOf: (path: string) => FileStamp, baseFingerprint = ""): string {
  const entries = recipe.entries.map((entry) => {
    if (entry.kind !== "copy") {
      return entry;
    }
    const { size, mtimeMs } = stampOf(entry.from);
    return { ...entry, size, mtimeMs };
  });
  return createHash("sha256")
    .update(JSON.stringify([recipe, entries, baseFingerprint]))
    .digest("hex")
    .slice(0, 32);
}

/** The Dockerfile of a recipe. Its context holds the entries below `root`, and an empty folder `own`. Pure. */
export function dockerfileOf(recipe: ImageRecipe, label: string): string {
  const owner = recipe.user === undefined ? undefined : `${recipe.user}:${recipe.user}`;
  return [
    `FROM ${recipe.base ?? "scratch"}`,
    ...(recipe.entries.length > 0 ? ["COPY root/ /"] : []),
    ...(recipe.ownFolder === undefined ? [] : [`COPY --chown=${owner ?? "0:0"} own/ ${recipe.ownFolder}/`]),
    ...(owner === undefined ? [] : [`USER ${owner}`]),
    ...(recipe.entrypoint === undefined ? [] : [`ENTRYPOINT ${JSON.stringify(recipe.entrypoint)}`]),
    ...(recipe.args === undefined ? [] : [`CMD ${JSON.stringify(recipe.args)}`]),
    `LABEL ${fingerprintLabel}=${label}`,
    "",
  ].join("\n");
}
