import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where things that cost time to make are kept: built binaries, downloaded wheels and packages. Each is named after
 * what it was made from, and can be made again.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sidecar-mesh");
}

/** Every place that the embedded cluster writes to. */
export interface StatePaths {
  root: string;
  /** Does not outlive `down`: sockets and records of processes. */
  run: string;
  /** What is written down of each daemon. */
  records: string;
  logs: string;
  kubeconfig: string;
  /** Folder of the images, containers and volumes of a Docker of our own. It outlives `down`. */
  dockerData: string;
  dockerExec: string;
  dockerSocket: string;
}

/**
 * The folders of the embedded cluster. Unix sockets have paths of about a hundred characters at most, so the names are
 * short.
 */
export function statePaths(env: NodeJS.ProcessEnv = process.env): StatePaths {
  const root = join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "sidecar-mesh");
  const run = join(root, "run");
  return {
    root,
    run,
    records: join(run, "daemons"),
    logs: join(root, "logs"),
    kubeconfig: join(root, "kubeconfig"),
    dockerData: join(root, "docker"),
    dockerExec: join(run, "docker"),
    dockerSocket: join(run, "docker.sock"),
  };
}
