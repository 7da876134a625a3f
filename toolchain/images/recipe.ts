import { createHash } from "node:crypto";

/** One thing in an image's file system. Paths are absolute, parent folders come by themselves. */
export type ImageEntry =
  | { path: string; kind: "copy"; from: string; mode?: number }
  | { path: string; kind: "text"; text: string; mode?: number }
  | { path: string; kind: "link"; target: string }
  | { path: string; kind: "folder"; mode?: number; uid?: number };

/** All there is to know to assemble an image. */
export interface ImageRecipe {
  /** Full reference, tag included. */
  reference: string;
  entries: readonly ImageEntry[];
  entrypoint: readonly string[];
  args?: readonly string[];
  /** Numeric, so that runAsNonRoot can be checked. */
  user: string;
  env?: readonly string[];
}

/** A file's identity without reading it. */
export interface FileStamp {
  size: number;
  mtimeMs: number;
}

/** A name for everything an image is made of: while it stays the same there is nothing to assemble. Pure. */
export function fingerprint(recipe: ImageRecipe, stampOf: (path: string) => FileStamp): string {
  const entries = recipe.entries.map((entry) => {
    if (entry.kind !== "copy") {
      return entry;
    }
    const { size, mtimeMs } = stampOf(entry.from);
    return { ...entry, size, mtimeMs };
  });
  return createHash("sha256")
    .update(JSON.stringify({ ...recipe, entries }))
    .digest("hex")
    .slice(0, 32);
}

/** The entries in an order fit for an archive: sorted, each path once, every parent folder before its content. Pure. */
export function withParents(entries: readonly ImageEntry[]): ImageEntry[] {
  const byPath = new Map<string, ImageEntry>();
  for (const entry of entries) {
    byPath.set(entry.path, entry);
    const parts = entry.path.split("/").slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = `/${parts.slice(0, depth).join("/")}`;
      if (!byPath.has(path)) {
        byPath.set(path, { path, kind: "folder" });
      }
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
