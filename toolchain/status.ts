import { chooseDocker } from "./docker/dockerd";
import { dockerProblem } from "./docker/docker";
import { expectedInfo, type SandboxInfo } from "./info";
import { nodeStatuses, type NodeStatus } from "./kind/cluster";
import { cacheDir, statePaths } from "./paths";

/** How the embedded cluster is. */
export interface SandboxStatus {
  /** Whether there is a cluster, and every node runs and is ready. */
  healthy: boolean;
  /** Whether any node runs. */
  running: boolean;
  /** Which Docker the nodes run in, or would. */
  docker: string;
  nodes: NodeStatus[];
  kubeconfig: string;
}

/** Asks Docker and the API server how the nodes are. */
export async function status(): Promise<SandboxStatus> {
  const docker = await chooseDocker(statePaths(), cacheDir());
  const { binDir, kubeconfig } = expectedInfo();
  const problem = await dockerProblem(docker);
  const nodes = problem === undefined ? await nodeStatuses({ docker, binDir, kubeconfig }) : [];
  return {
    healthy: nodes.length > 0 && nodes.every(({ ready }) => ready),
    running: nodes.some(({ running }) => running),
    docker: `${docker.own ? "Docker of its own" : "the Docker of this machine"}${problem ? ", which does not run" : ""}`,
    nodes,
    kubeconfig,
  };
}

/** The running embedded cluster; undefined if there is none, or not a healthy one. */
export async function sandboxInfo(): Promise<SandboxInfo | undefined> {
  return (await status()).healthy ? expectedInfo() : undefined;
}

/** A status as lines of text. Pure. */
export function describeStatus({ docker, nodes, kubeconfig }: SandboxStatus): string[] {
  const width = Math.max(0, ...nodes.map(({ name }) => name.length));
  return [
    docker,
    ...(nodes.length === 0
      ? ["no nodes run"]
      : nodes.map(
          ({ name, ready, message }) => `${name.padEnd(width)}  ${ready ? "ready" : (message ?? "not ready")}`,
        )),
    `kubeconfig ${kubeconfig}`,
  ];
}
