import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Docker } from "../docker/docker";
import type { Logger } from "../system/statusLine";
import { run, tryRun } from "../system/run";
import { waitFor } from "../system/wait";

/** Name of the cluster; kind puts `kind-` before it to name the context. */
const clusterName = "sidecar-mesh";

/** Context of the cluster in a kubeconfig. */
export const clusterContext = `kind-${clusterName}`;

/** A kind cluster, whether it exists or not. */
export interface KindCluster {
  docker: Docker;
  /** Folder of kind and kubectl. */
  binDir: string;
  kubeconfig: string;
}

/** How one node of the cluster is. */
export interface NodeStatus {
  name: string;
  running: boolean;
  /** Whether the API server says that it is ready. */
  ready: boolean;
  /** What is wrong, if something is. */
  message?: string;
}

/** The nodes of the cluster by name, the control plane first; none if there is no cluster. */
async function nodeNames({ docker }: Pick<KindCluster, "docker">): Promise<string[]> {
  const filter = `label=io.x-k8s.kind.cluster=${clusterName}`;
  const listing = await docker.run(["ps", "--all", "--filter", filter, "--format", "{{.Names}}"]);
  return listing.split("\n").filter(Boolean).sort();
}

/** Asks Docker for the containers of the nodes, and the API server for their state. */
export async function nodeStatuses(cluster: KindCluster): Promise<NodeStatus[]> {
  const names = await nodeNames(cluster);
  if (names.length === 0) {
    return [];
  }
  const states = await cluster.docker.run(["inspect", "--format", "{{.State.Running}}", ...names]);
  const running = states.trim().split("\n");
  const { ready, message } = await readyNodes(cluster);
  return names.map((name, i) => {
    const runs = running[i] === "true";
    const isReady = runs && ready.includes(name);
    const why = runs ? (message ?? "the node is not ready") : "the container does not run";
    return { name, running: runs, ready: isReady, ...(isReady ? {} : { message: why }) };
  });
}

async function readyNodes(cluster: KindCluster): Promise<{ ready: string[]; message?: string }> {
  const path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const args = ["get", "nodes", "--request-timeout=5s", "-o", `jsonpath=${path}`];
  const { code, stdout, stderr } = await kubectl(cluster, args);
  const ready = stdout.split("\n").flatMap((line) => (line.endsWith(" True") ? [line.split(" ")[0]!] : []));
  return code === 0 ? { ready } : { ready: [], message: stderr.trim().split("\n").at(-1) };
}

/** Creates the cluster. @param config The text of kind's configuration. */
export async function createCluster(cluster: KindCluster, config: string, image: string, log: Logger): Promise<void> {
  const file = join(dirname(cluster.kubeconfig), "kind.yaml");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, config);
  log("kind creates the cluster");
  await kind(cluster, ["create", "cluster", "--config", file, "--image", image, "--kubeconfig", cluster.kubeconfig]);
  await untilReady(cluster, new Date(0));
}

/** Starts the nodes of a cluster that was stopped, as after a reboot. */
export async function startCluster(cluster: KindCluster, log: Logger): Promise<void> {
  log("the nodes start again");
  const since = new Date();
  // One after the other, so that each gets the address that it had: Docker gives them out in turn.
  for (const name of await nodeNames(cluster)) {
    await cluster.docker.run(["start", name]);
  }
  await kind(cluster, ["export", "kubeconfig", "--name", clusterName, "--kubeconfig", cluster.kubeconfig]);
  await untilReady(cluster, since);
}

/** Stops the nodes. Their state stays. */
export async function stopCluster(cluster: KindCluster): Promise<void> {
  const names = await nodeNames(cluster);
  if (names.length > 0) {
    await cluster.docker.run(["stop", "--time", "5", ...names]);
  }
}

/** Deletes the cluster and all that is in it. */
export async function deleteCluster(cluster: KindCluster): Promise<void> {
  if ((await nodeNames(cluster)).length > 0) {
    await kind(cluster, ["delete", "cluster", "--name", clusterName, "--kubeconfig", cluster.kubeconfig]);
  }
}

/** Gives every node the images that it lacks. */
export async function loadImages(cluster: KindCluster, references: readonly string[]): Promise<void> {
  if (references.length > 0) {
    await kind(cluster, ["load", "docker-image", "--name", clusterName, ...references]);
  }
}

/**
 * Waits until all nodes are ready, and CoreDNS is available.
 * @param since Each kubelet must have reported after this: the API server remembers a node as ready from before a stop.
 */
async function untilReady(cluster: KindCluster, since: Date): Promise<void> {
  await waitFor(
    "nodes",
    async () => {
      const waiting = (await nodeStatuses(cluster)).filter(({ ready }) => !ready);
      const silent = waiting.length === 0 ? await silentNodes(cluster, since) : [];
      const reasons = [
        ...waiting.map(({ name, message }) => `${name}: ${message}`),
        ...silent.map((name) => `${name}: its kubelet has not reported yet`),
      ];
      return reasons.length === 0 ? undefined : reasons.join("; ");
    },
    { timeoutMs: 180_000, intervalMs: 500 },
  );
  const args = ["--namespace=kube-system", "rollout", "status", "deployment/coredns", "--timeout=180s"];
  await run(join(cluster.binDir, "kubectl"), [...access(cluster), ...args]);
}

/** The nodes whose kubelet has not renewed its lease since then. */
async function silentNodes(cluster: KindCluster, since: Date): Promise<string[]> {
  const path = '{range .items[*]}{.metadata.name} {.spec.renewTime}{"\\n"}{end}';
  const { stdout } = await kubectl(cluster, ["get", "leases", "--namespace=kube-node-lease", "-o", `jsonpath=${path}`]);
  const leases = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "));
  return leases.filter(([, renewed = ""]) => !(Date.parse(renewed) >= since.getTime())).map(([name = ""]) => name);
}

/**
 * Installs metrics-server, which the HorizontalPodAutoscaler goes by. @param kustomization Text of a kustomization in
 * `folder`.
 */
export async function applyKustomization(cluster: KindCluster, folder: string, kustomization: string): Promise<void> {
  const file = join(folder, "kustomization.yaml");
  if (!existsSync(file) || (await readFile(file, "utf8")) !== kustomization) {
    await writeFile(file, kustomization);
  }
  await run(join(cluster.binDir, "kubectl"), [...access(cluster), "apply", "--server-side", "--kustomize", folder]);
}

function kubectl(cluster: KindCluster, args: readonly string[]) {
  return tryRun(join(cluster.binDir, "kubectl"), [...access(cluster), ...args], { timeoutMs: 20_000 });
}

function access({ kubeconfig }: KindCluster): string[] {
  return ["--kubeconfig", kubeconfig, "--context", clusterContext];
}

function kind({ docker, binDir }: KindCluster, args: readonly string[]): Promise<string> {
  // kind looks for Podman and nerdctl as well, where Docker does not answer at once.
  const env = { ...docker.env, KIND_EXPERIMENTAL_PROVIDER: "docker" };
  return run(join(binDir, "kind"), ["--quiet", ...args], { env, timeoutMs: 600_000 });
}
