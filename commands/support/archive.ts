import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { create } from "tar";
import { stringify } from "yaml";
import type { SupportFile } from "./collect";
import type { SecretRemover } from "./secrets";
import { withTemporaryFolder } from "../shared/temporaryFolder";

/** @returns the files as texts, without secrets: all objects are looked at before the first text is written. */
export function withoutSecrets(
  files: readonly SupportFile[],
  remover: SecretRemover,
): { path: string; text: string }[] {
  return files
    .map(({ path, content }) => ({ path, content: remover.object(content) }))
    .map(({ path, content }) => ({ path, text: remover.text(asText(path, content)) }));
}

function asText(path: string, content: unknown): string {
  if (typeof content === "string") {
    return content;
  }
  // In folded lines a secret would be in two parts.
  return path.endsWith(".yaml")
    ? stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })
    : `${JSON.stringify(content, undefined, 1)}\n`;
}

/**
 * Writes a compressed tar archive with one folder, which this user alone can read.
 * @param file Path of the archive; its name without `.tgz` is the folder's.
 */
export async function writeArchive(file: string, files: readonly { path: string; text: string }[]): Promise<void> {
  const root = basename(file).replace(/\.(tgz|tar\.gz)$/, "");
  await withTemporaryFolder(async (cwd) => {
    for (const { path, text } of files) {
      const at = join(cwd, root, path);
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text, { mode: 0o600 });
    }
    await create({ file, cwd, gzip: true, portable: true, mode: 0o600 }, [root]);
  });
}
