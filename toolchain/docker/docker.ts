import { run, type RunOptions, type RunResult, tryRun } from "../system/run";

/** A Docker daemon that answers, and its client. */
export interface Docker {
  /** Environment of commands that go to this daemon, such as kind. */
  env: NodeJS.ProcessEnv;
  /** Whether the toolchain started this daemon. Such a one is also ended by it; any other is used as it is. */
  own: boolean;
  /** Runs the client. Rejects if it fails. @returns what it printed. */
  run: (args: readonly string[], options?: RunOptions) => Promise<string>;
  /** Runs the client, whatever its exit code. */
  tryRun: (args: readonly string[], options?: RunOptions) => Promise<RunResult>;
}

/** The client for a daemon that `env` leads to. */
export function dockerClient(env: NodeJS.ProcessEnv, own: boolean): Docker {
  const withEnv = (options: RunOptions = {}): RunOptions => ({ ...options, env: { ...env, ...options.env } });
  return {
    env,
    own,
    run: (args, options) => run("docker", args, withEnv(options)),
    tryRun: (args, options) => tryRun("docker", args, withEnv(options)),
  };
}

/** Why a daemon does not answer; undefined if it does. */
export async function dockerProblem(docker: Docker): Promise<string | undefined> {
  const asked = docker.tryRun(["version", "--format", "{{.Server.Version}}"], { timeoutMs: 10_000 });
  const { code, stderr } = await asked.catch((error: Error) => ({ code: 1, stderr: error.message }));
  return code === 0 ? undefined : stderr.trim() || "no answer";
}
