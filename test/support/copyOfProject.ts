import { cp, mkdtemp, readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";

/** @returns a copy of the project that can be broken; packages are shared. */
export async function copyOfProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
  for (const entry of await readdir(projectFolder)) {
    if (entry === "node_modules") {
      await symlink(join(projectFolder, entry), join(copy, entry));
    } else if (entry !== ".git") {
      await cp(join(projectFolder, entry), join(copy, entry), { recursive: true });
    }
  }
  return copy;
}
