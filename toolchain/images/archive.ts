import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { type ImageEntry, type ImageRecipe, withParents } from "./recipe";
import { endOfTar, entrySize, padding, tarHeader } from "./tar";

/**
 * Writes an image as a docker-archive with one layer. The layer's digest belongs into the image's configuration, so the layer
 * comes first and is hashed as it is written; no file is read twice.
 */
export async function writeArchive(recipe: ImageRecipe, file: string): Promise<void> {
  const entries = await Promise.all(
    withParents(recipe.entries).map(async (entry) => ({ entry, size: await sizeOf(entry) })),
  );
  const layerSize = entries.reduce((sum, { size }) => sum + entrySize(size), endOfTar.length);
  const output = await open(file, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    const layer = async (bytes: Buffer): Promise<void> => {
      hash.update(bytes);
      await output.write(bytes);
    };
    await output.write(tarHeader({ name: "layer.tar", kind: "file", size: layerSize }));
    for (const { entry, size } of entries) {
      await layer(headerOf(entry, size));
      if (entry.kind === "copy") {
        for await (const chunk of createReadStream(entry.from, { highWaterMark: 1 << 20 })) {
          await layer(chunk as Buffer);
        }
      } else if (entry.kind === "text") {
        await layer(Buffer.from(entry.text));
      }
      await layer(padding(size));
    }
    await layer(endOfTar);
    await output.write(padding(layerSize));

    const config = JSON.stringify(imageConfig(recipe, `sha256:${hash.digest("hex")}`));
    const manifest = JSON.stringify([{ Config: "config.json", RepoTags: [recipe.reference], Layers: ["layer.tar"] }]);
    for (const [name, text] of [
      ["config.json", config],
      ["manifest.json", manifest],
    ] as const) {
      const bytes = Buffer.from(text);
      await output.write(
        Buffer.concat([tarHeader({ name, kind: "file", size: bytes.length }), bytes, padding(bytes.length)]),
      );
    }
    await output.write(endOfTar);
  } finally {
    await output.close();
  }
}

/** The configuration an image carries. Pure. */
export function imageConfig(recipe: ImageRecipe, layerDigest: string): object {
  return {
    architecture: "amd64",
    os: "linux",
    config: {
      User: recipe.user,
      Entrypoint: recipe.entrypoint,
      Cmd: recipe.args,
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...(recipe.env ?? [])],
      WorkingDir: "/",
    },
    rootfs: { type: "layers", diff_ids: [layerDigest] },
  };
}

async function sizeOf(entry: ImageEntry): Promise<number> {
  switch (entry.kind) {
    case "copy":
      return (await stat(entry.from)).size;
    case "text":
      return Buffer.byteLength(entry.text);
    default:
      return 0;
  }
}

function headerOf(entry: ImageEntry, size: number): Buffer {
  const name = entry.path.slice(1);
  switch (entry.kind) {
    case "copy":
      return tarHeader({ name, kind: "file", size, mode: entry.mode ?? 0o755 });
    case "text":
      return tarHeader({ name, kind: "file", size, mode: entry.mode });
    case "link":
      return tarHeader({ name, kind: "link", target: entry.target, mode: 0o777 });
    case "folder":
      return tarHeader({ name: `${name}/`, kind: "folder", mode: entry.mode, uid: entry.uid });
  }
}
