import { symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../toolchain/system/run";
import { UsageError } from "./flags";
import { projectFolder } from "./stackFiles";

/**
 * Checks out another commit of the project beside this one, with the packages of this one, for as long as `use` runs.
 * @throws UsageError if git knows no such commit.
 */
export async function withCommit<T>(commit: string, use: (folder: string) => Promise<T>): Promise<T> {
  const parent = await mkdtemp(join(tmpdir(), "sidecar-mesh-base-"));
  const folder = join(parent, "project");
  const git = (...args: string[]) => run("git", args, { cwd: projectFolder });
  try {
    await git("rev-parse", "--verify", "--quiet", `${commit}^{commit}`).catch(() => {
      throw new UsageError(`--base ${commit}: git knows no such commit here; fetch it`);
    });
    await git("worktree", "add", "--detach", folder, commit);
    symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    return await use(folder);
  } finally {
    await rm(parent, { recursive: true, force: true });
    await git("worktree", "prune").catch(() => undefined);
  }
}
