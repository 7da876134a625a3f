import type { LiveObject } from "../../cluster/kubeClient";
import { injectionLabel } from "../../components/meshNamespace";
import type { DeclaredMesh } from "../../stacks/declared";
import { figureTable } from "../shared/plainTable";
import { until } from "./backends";
import type { Cluster } from "./cluster";
import { isReady, nameOf, troubleOf } from "./objects";

/** Namespace that exists only while it is measured. */
const namespace = "mesh-bench";

/** Default requests per second: a load at which every part has enough CPU. */
export const defaultRps = 100;

/** Most requests per second: two small pods on one node are what is measured, not what a node can bear. */
export const maxRps = 5000;

/** Seconds of each measurement. */
const seconds = 15;

/**
 * @returns over how many connections: each has one request under way at a time, and a slow one must not hold up the
 * rest.
 */
function connectionsFor(rps: number): number {
  return Math.max(4, Math.ceil(rps / 60));
}

const percents = [50, 90, 99] as const;

/** Seconds until four small pods are ready, or gone. */
const podSeconds = 90;

/** Milliseconds by percentile. */
export type Latency = Record<"p50" | "p90" | "p99", number>;

/** A measurement: its latency, and how many requests per second there really were. */
export interface Measurement {
  latency: Latency;
  reachedRps: number;
}

/** What a sidecar uses. */
export interface SidecarUse {
  pod: string;
  memoryMiB: number;
  /** Thousandths of a CPU; undefined if kubelet reports none. */
  milliCpu?: number;
}

/** What was measured. */
export interface Bench {
  rps: number;
  /** Requests per second that there really were, of both measurements the fewer. */
  reachedRps: number;
  seconds: number;
  /** From a pod without a sidecar to another one. */
  direct: Latency;
  /** The same between two pods with a sidecar each, over mutual TLS. */
  mesh: Latency;
  /** What the mesh adds. */
  added: Latency;
  /** The first ones carried the load of the measurement. */
  sidecars: SidecarUse[];
}

/** The results of a run of fortio. */
export interface FortioResult {
  RetCodes?: Record<string, number>;
  ActualQPS?: number;
  DurationHistogram?: { Percentiles?: { Percentile: number; Value: number }[] };
}

/** @returns the percentiles of a run, in milliseconds to a hundredth. @throws Error if an answer was not 200. */
export function latencyOf({ RetCodes = {}, DurationHistogram = {} }: FortioResult): Latency {
  const others = Object.keys(RetCodes).filter((code) => code !== "200");
  if (others.length > 0 || !RetCodes["200"]) {
    throw new Error(`the measurement got answers other than 200: ${JSON.stringify(RetCodes)}`);
  }
  const at = (percent: number) => {
    const found = DurationHistogram.Percentiles?.find(({ Percentile }) => Percentile === percent);
    return Math.round((found?.Value ?? Number.NaN) * 100_000) / 100;
  };
  return { p50: at(50), p90: at(90), p99: at(99) };
}

/** @returns what `mesh` has beyond `direct`. */
export function added(direct: Latency, mesh: Latency): Latency {
  const minus = (key: keyof Latency) => Math.round((mesh[key] - direct[key]) * 100) / 100;
  return { p50: minus("p50"), p90: minus("p90"), p99: minus("p99") };
}

/** kubelet's summary of what containers use, as far as it is read. */
export interface Summary {
  pods?: {
    podRef: { name: string; namespace: string };
    containers?: { name: string; cpu?: { usageNanoCores?: number }; memory?: { workingSetBytes?: number } }[];
  }[];
}

/** @returns what the sidecars and gateways of some namespaces use. */
export function sidecarUse(summaries: readonly Summary[], namespaces: readonly string[]): SidecarUse[] {
  return summaries
    .flatMap(({ pods = [] }) => pods)
    .filter(({ podRef }) => namespaces.includes(podRef.namespace))
    .flatMap(({ podRef, containers = [] }) =>
      containers
        .filter(({ name }) => name === "istio-proxy")
        .map(({ cpu, memory }) => ({
          pod: `${podRef.namespace}/${podRef.name}`,
          memoryMiB: Math.round((memory?.workingSetBytes ?? 0) / 2 ** 20),
          milliCpu: cpu?.usageNanoCores === undefined ? undefined : Math.round(cpu.usageNanoCores / 1e6),
        })),
    );
}

/** @returns the measurement as text. */
export function benchText({ rps, reachedRps, seconds, direct, mesh, added: more, sidecars }: Bench): string {
  const row = (name: string, { p50, p90, p99 }: Latency) => [name, ...[p50, p90, p99].map((ms) => ms.toFixed(2))];
  const uses = sidecars.map(({ pod, memoryMiB, milliCpu }) => [pod, String(memoryMiB), String(milliCpu ?? "unknown")]);
  return [
    `latency between two pods at ${rps} requests per second, ${seconds} s each, ${connectionsFor(rps)} connections`,
    ...(reachedRps < rps * 0.95 ? [`only ${reachedRps} per second were reached: the node is short of CPU`] : []),
    "",
    ...figureTable(["", "p50 ms", "p90 ms", "p99 ms"], [row("direct", direct), row("mesh", mesh), row("added", more)]),
    "",
    ...figureTable(["sidecar", "memory MiB", "CPU m"], uses),
  ].join("\n");
}

function pod(name: string, image: string, args: string[], meshed: boolean): LiveObject {
  const container = {
    name: "main",
    image,
    args,
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    securityContext: { runAsNonRoot: true, runAsUser: 65532, allowPrivilegeEscalation: false },
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name, "sidecar.istio.io/inject": String(meshed) } },
    spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [container] },
  };
}

function objects({ images, revision }: DeclaredMesh): LiveObject[] {
  const labels = injectionLabel(revision);
  const service = (name: string): LiveObject => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 8080, targetPort: 8080 }] },
  });
  const idle = ["server", "-grpc-port", "disabled", "-tcp-port", "disabled", "-udp-port", "disabled", "-redirect-port"];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    ...[true, false].flatMap((meshed) => {
      const side = meshed ? "mesh" : "direct";
      return [
        service(`server-${side}`),
        pod(`server-${side}`, images.httpEcho, ["-listen=:8080", "-text=ok"], meshed),
        pod(`client-${side}`, images.fortio, [...idle, "disabled"], meshed),
      ];
    }),
  ];
}

async function measure(cluster: Cluster, side: "mesh" | "direct", rps: number, duration: number): Promise<Measurement> {
  const command = [
    ...["fortio", "load", "-quiet", "-qps", String(rps), "-c", String(connectionsFor(rps)), "-t", `${duration}s`],
    ...["-p", percents.join(","), "-json", "-", `http://server-${side}.${namespace}:8080/`],
  ];
  const { ok, stdout, stderr } = await cluster.exec(namespace, `client-${side}`, "main", command);
  if (!ok) {
    throw new Error(`fortio in ${namespace}/client-${side} failed: ${stderr.trim().split("\n").at(-1)}`);
  }
  const result = JSON.parse(stdout.slice(stdout.indexOf("{"))) as FortioResult;
  return { latency: latencyOf(result), reachedRps: Math.round(result.ActualQPS ?? 0) };
}

async function ready(cluster: Cluster): Promise<void> {
  let pods: LiveObject[] = [];
  const { found } = await until(podSeconds, async () => {
    pods = await cluster.client.list("v1", "Pod", namespace);
    return pods.length === 4 && pods.every(isReady) ? true : undefined;
  });
  if (!found) {
    throw new Error(
      `the pods of the measurement are not ready: ${pods.map(troubleOf).find((one) => one) ?? "none is there"}`,
    );
  }
}

async function remove(cluster: Cluster): Promise<void> {
  const ref = { apiVersion: "v1", kind: "Namespace", name: namespace };
  if (await cluster.client.delete(ref)) {
    await until(podSeconds, async () => ((await cluster.client.get(ref)) === undefined ? true : undefined));
  }
}

/**
 * Measures what the mesh adds to latency: the same two programs, once without sidecars and once with them, in a
 * namespace that is removed afterwards; and what sidecars use, those under this load and those of the stack.
 * @param rps Requests per second.
 */
export async function bench(
  cluster: Cluster,
  declared: DeclaredMesh,
  rps: number,
  log: (line: string) => void,
): Promise<Bench> {
  // A run that was cut short leaves its own behind.
  await remove(cluster);
  try {
    log(`measuring in the namespace ${namespace}: two pods with sidecars, two without`);
    for (const object of objects(declared)) {
      await cluster.client.apply(object);
    }
    await ready(cluster);
    // The first requests open connections and fill caches.
    for (const side of ["direct", "mesh"] as const) {
      await measure(cluster, side, rps, 2);
    }
    const direct = await measure(cluster, "direct", rps, seconds);
    const mesh = await measure(cluster, "mesh", rps, seconds);
    const nodes = await cluster.list("v1", "Node");
    const summaries = await Promise.all(
      nodes.map(async (node) => {
        const { status, body } = await cluster.raw(`/api/v1/nodes/${nameOf(node)}/proxy/stats/summary`);
        return status === 200 ? (JSON.parse(body) as Summary) : {};
      }),
    );
    const { mesh: services, gateway } = declared.namespaces;
    const sidecars = [namespace, gateway, services].flatMap((one) => sidecarUse(summaries, [one]));
    return {
      rps,
      reachedRps: Math.min(direct.reachedRps, mesh.reachedRps),
      seconds,
      direct: direct.latency,
      mesh: mesh.latency,
      added: added(direct.latency, mesh.latency),
      sidecars,
    };
  } finally {
    await remove(cluster);
  }
}
