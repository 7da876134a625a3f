import { spawnSync } from "node:child_process";
import { projectFolder } from "../../commands/stackFiles";
import type { DeclaredProgram } from "./declaredProgram";

/** The program as the policies are given it. */
export type Declared = DeclaredProgram & { profile: "dev" | "prod" };

const known = new Map<string, string>();

/**
 * @param settings Config on top of the stack's own.
 * @returns what index.ts declares, each time a copy of its own. A module runs once in a process, so it takes a process; the same is not
 * asked twice.
 * @throws Error with what the program said, if it failed.
 */
export function declaredBy(stack: string, settings: Record<string, string> = {}): Declared {
  const args = [stack, JSON.stringify(settings)];
  const key = args.join(" ");
  let text = known.get(key);
  if (text === undefined) {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--import", "tsx", "test/support/declareInProcess.ts", ...args],
      {
        cwd: projectFolder,
        encoding: "utf8",
        maxBuffer: 2 ** 26,
        env: { ...process.env, KUBECONFIG: "/nonexistent" },
      },
    );
    if (status !== 0) {
      throw new Error(`${stack} can't be declared: ${stderr}`);
    }
    known.set(key, (text = stdout));
  }
  return JSON.parse(text) as Declared;
}
