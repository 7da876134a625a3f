import assert from "node:assert/strict";
import { findPulumi } from "../../commands/pulumi/cli";
import { pulumiEnvironment } from "../../commands/pulumi/environment";
import { projectFolder } from "../../commands/session/stackFiles";
import { privateFolder } from "../../commands/session/userFolder";
import { tryRun } from "../../toolchain/system/run";
import { join } from "node:path";

/** Where a run of the CLI takes place. */
interface Place {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs the Pulumi CLI as a shell does that has evaluated `npm run --silent env`. */
export async function tryPulumi(
  args: readonly string[],
  { cwd, env }: Place = {},
): Promise<{ code: number; said: string }> {
  const cli = await findPulumi(() => undefined);
  const { code, stdout, stderr } = await tryRun(cli.command, [...args, "--non-interactive", "--color", "never"], {
    cwd: cwd ?? projectFolder,
    env: { ...(await pulumiEnvironment(cli)), ...env },
  });
  return { code, said: stdout + stderr };
}

/** Like {@link tryPulumi}; fails if the CLI does. */
export async function pulumi(...args: string[]): Promise<string> {
  const { code, said } = await tryPulumi(args);
  assert.equal(code, 0, said);
  return said;
}

/** @returns what makes the CLI go to a stack that `npm start` made, with the config of that run. */
export function onStack(stack: string): string[] {
  return ["--stack", stack, "--config-file", join(privateFolder("config"), `Pulumi.${stack}.yaml`)];
}

/** @returns every text in the secrets of a stack's state, in plain. */
export async function plainSecrets(stack: string): Promise<string[]> {
  const state = await pulumi("stack", "export", "--show-secrets", "--stack", stack);
  return [...state.matchAll(/"plaintext":\s*("(?:[^"\\]|\\.)*")/g)].flatMap(([, text]) =>
    textsIn(JSON.parse(JSON.parse(text!) as string)),
  );
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
