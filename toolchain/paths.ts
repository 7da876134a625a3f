import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where things that cost time to make are kept: built binaries, downloaded wheels and packages. Everything below can be
 * made again and is named after what it was made from, so it is never cleaned and never invalid.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sidecar-mesh");
}

/** Every place a running sandbox writes to. */
export interface StatePaths {
  root: string;
  /** Survives `down`: etcd's data, containerd's images, certificates, volumes. */
  data: string;
  /** Gone after `down`, as after a reboot: sockets, process files, network leases, mounts. */
  run: string;
  logs: string;
  pki: string;
  config: string;
  kubeconfig: string;
  containerdSocket: string;
  /** containerd's own work folder, images included. */
  containerdRoot: string;
  kubeletRoot: string;
  volumes: string;
}

/**
 * The sandbox's folders. Unix sockets live below, and the kernel allows those about a hundred characters, so the names are
 * kept short.
 */
export function statePaths(env: NodeJS.ProcessEnv = process.env): StatePaths {
  const root = join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "sidecar-mesh", "sandbox");
  const data = join(root, "data");
  const run = join(root, "run");
  return {
    root,
    data,
    run,
    logs: join(root, "logs"),
    pki: join(data, "pki"),
    config: join(run, "config"),
    kubeconfig: join(root, "kubeconfig"),
    containerdSocket: join(run, "containerd.sock"),
    containerdRoot: join(data, "containerd"),
    kubeletRoot: join(data, "kubelet"),
    volumes: join(data, "volumes"),
  };
}
