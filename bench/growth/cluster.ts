import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Summary } from "../../commands/verify/bench";
import { expectedInfo } from "../../toolchain";
import { run } from "../../toolchain/system/run";

/** What a container uses, and what it asked for. */
export interface ContainerUse {
  namespace: string;
  pod: string;
  container: string;
  /** Memory that the kernel can't take back, MiB. */
  workingSetMiB: number;
  /** Thousandths of a processor, over the last seconds. */
  milliCpu: number;
  requests: { milliCpu: number; mib: number };
}

interface Pod {
  metadata: { namespace: string; name: string; labels?: Record<string, string> };
  spec: { nodeName?: string; containers: Container[]; initContainers?: (Container & { restartPolicy?: string })[] };
}

interface Container {
  name: string;
  resources?: { requests?: { cpu?: string; memory?: string } };
}

const { kubeconfig, binDir } = expectedInfo();

/** Runs kubectl on the sandbox. @returns what it prints. */
export function kubectl(...args: string[]): Promise<string> {
  return run(join(binDir, "kubectl"), ["--kubeconfig", kubeconfig, ...args]);
}

/** Applies an object. */
export async function apply(object: unknown): Promise<void> {
  await run(join(binDir, "kubectl"), ["--kubeconfig", kubeconfig, "apply", "-f", "-"], {
    input: JSON.stringify(object),
  });
}

/** @returns what the containers of the node's pods use and ask for; Istio's sidecar is one of them. */
export async function containerUse(node: string): Promise<ContainerUse[]> {
  const summary = JSON.parse(await kubectl("get", "--raw", `/api/v1/nodes/${node}/proxy/stats/summary`)) as Summary;
  const pods = JSON.parse(
    await kubectl("get", "pods", "--all-namespaces", "--field-selector", `spec.nodeName=${node}`, "--output", "json"),
  ) as { items: Pod[] };
  return pods.items.flatMap(({ metadata, spec }) => {
    const used = summary.pods?.find(
      ({ podRef }) => podRef.name === metadata.name && podRef.namespace === metadata.namespace,
    );
    const lasting = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
    return [...lasting, ...spec.containers].map(({ name, resources }): ContainerUse => {
      const { cpu, memory } = used?.containers?.find((container) => container.name === name) ?? {};
      return {
        namespace: metadata.namespace,
        pod: metadata.name,
        container: name,
        workingSetMiB: (memory?.workingSetBytes ?? 0) / 2 ** 20,
        milliCpu: (cpu?.usageNanoCores ?? 0) / 1e6,
        requests: { milliCpu: milliCpu(resources?.requests?.cpu), mib: mib(resources?.requests?.memory) },
      };
    });
  });
}

function milliCpu(quantity = "0"): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

function mib(quantity = "0"): number {
  const units: Record<string, number> = { Ki: 1 / 1024, Mi: 1, Gi: 1024 };
  const [, number = "0", unit = ""] = /^([\d.]+)([KMG]i)?$/.exec(quantity) ?? [];
  return Number(number) * (units[unit] ?? 2 ** -20);
}

/** What an Envoy holds. */
export interface ProxyUse {
  proxy: string;
  clusters: number;
  /** What Envoy has allocated, MiB. */
  envoyMiB: number;
  /** Working set of the container, with pilot-agent, MiB. */
  containerMiB: number;
}

/** The pods with real proxies whose memory is measured. */
const measured = [
  { proxy: "ingress gateway", namespace: "istio-ingress", app: "istio-ingressgateway" },
  { proxy: "user-service", namespace: "demo", app: "user-service" },
  { proxy: "payment-service", namespace: "demo", app: "payment-service" },
  { proxy: "load generator", namespace: "demo", app: "load-generator" },
] as const;

async function podOf(namespace: string, app: string): Promise<string> {
  const running = ["--field-selector", "status.phase=Running", "--selector", `app=${app}`];
  const found = JSON.parse(await kubectl("get", "pods", "--namespace", namespace, ...running, "--output", "json")) as {
    items: (Pod & { metadata: { deletionTimestamp?: string } })[];
  };
  const name = found.items.find(({ metadata }) => metadata.deletionTimestamp === undefined)?.metadata.name;
  if (name === undefined) {
    throw new Error(`no pod of ${namespace}/${app} runs`);
  }
  return name;
}

async function askEnvoy(namespace: string, pod: string, path: string): Promise<string> {
  const request = ["pilot-agent", "request", "GET", path];
  return kubectl("exec", "--namespace", namespace, pod, "--container", "istio-proxy", "--", ...request);
}

async function envoyUse(namespace: string, pod: string): Promise<{ clusters: number; envoyMiB: number }> {
  const stats = await askEnvoy(
    namespace,
    pod,
    "stats?filter=^(cluster_manager.active_clusters|server.memory_allocated)$",
  );
  const value = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(stats)?.[1] ?? Number.NaN);
  return {
    clusters: value("cluster_manager.active_clusters"),
    envoyMiB: value("server.memory_allocated") / 2 ** 20,
  };
}

/** Starts the measured proxies anew: Envoy does not give back what a larger configuration took. */
export async function restartProxies(): Promise<void> {
  for (const { namespace, app } of measured) {
    await kubectl("delete", "pods", "--namespace", namespace, "--selector", `app=${app}`, "--wait=false");
  }
  for (const { namespace, app } of measured) {
    await kubectl("rollout", "status", `deployment/${app}`, "--namespace", namespace, "--timeout=180s");
  }
}

/** Waits until no proxy's number of clusters changes any more. @returns what each holds then. */
export async function proxyUse(node: string): Promise<ProxyUse[]> {
  let before = "";
  for (let i = 0; i < 30; i++) {
    const now = await Promise.all(
      measured.map(async ({ namespace, app }) => envoyUse(namespace, await podOf(namespace, app))),
    );
    const clusters = JSON.stringify(now.map((one) => one.clusters));
    if (clusters === before) {
      break;
    }
    before = clusters;
    await sleep(10_000);
  }
  // kubelet looks every ten seconds.
  await sleep(15_000);
  const containers = await containerUse(node);
  return Promise.all(
    measured.map(async ({ proxy, namespace, app }) => {
      const pod = await podOf(namespace, app);
      const own = containers.find((one) => one.pod === pod && one.container === "istio-proxy");
      return { proxy, ...(await envoyUse(namespace, pod)), containerMiB: own?.workingSetMiB ?? Number.NaN };
    }),
  );
}

/** @returns the working set of istiod, MiB. */
export async function istiodMiB(node: string): Promise<number> {
  const found = (await containerUse(node)).filter(({ container }) => container === "discovery");
  return Math.max(...found.map(({ workingSetMiB }) => workingSetMiB));
}
