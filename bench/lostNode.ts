/**
 * What a node that dies costs the callers, on the embedded cluster with workers: requests go through a gateway on a
 * worker that stays, while the container of another worker is killed. What kube-proxy's node port loses until the node
 * is marked is left out: the port that is asked leads to the gateways of its own node alone. The stack must be there:
 * `npm start -- --sandbox --stack prod`.
 *
 *   tsx bench/lostNode.ts [rounds] [file.json]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ensureGroup, shellEnvironment, up } from "../toolchain";
import { run } from "../toolchain/system/run";
import { waitFor } from "../toolchain/system/wait";
import { apply, kubectl } from "./growth/cluster";
import { writeResults } from "./measure";

/** Requests per second, and seconds that they go on for. The node is killed after the first two. */
const load = { rps: 60, seconds: 62, killAfterSeconds: 2 };

/** The Service of the gateways of one node, for the time of the bench. */
const service = { name: "bench-gateway", namespace: "istio-ingress", port: 30090 };

/** What one round saw. Latency is in seconds. */
interface Round {
  sent: number;
  /** Requests that were not answered with 200. */
  lost: number;
  p50: number;
  p99: number;
  max: number;
}

/** What fortio writes down, as far as it is read. */
interface FortioResult {
  RetCodes: Record<string, number>;
  DurationHistogram: { Count: number; Max: number; Percentiles: { Percentile: number; Value: number }[] };
}

const { variables, folders } = shellEnvironment();
const env = { ...variables, PATH: [...folders, process.env.PATH].join(":") };

function roundOf({ RetCodes, DurationHistogram: { Count, Max, Percentiles } }: FortioResult): Round {
  const percentile = (wanted: number) => Percentiles.find(({ Percentile }) => Percentile === wanted)?.Value ?? NaN;
  return { sent: Count, lost: Count - (RetCodes["200"] ?? 0), p50: percentile(50), p99: percentile(99), max: Max };
}

/** @returns nodes by name, of the pods of an app that are ready. */
async function nodesOf(namespace: string, selector: string): Promise<string[]> {
  const path = '{range .items[*]}{.spec.nodeName} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const listing = await kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", `jsonpath=${path}`);
  return listing.split("\n").flatMap((line) => (line.endsWith(" True") ? [line.split(" ")[0]!] : []));
}

/** Restarts what has both pods on one node since an earlier round, and waits until each is on both workers. */
async function spreadPods(): Promise<void> {
  for (const [namespace, deployment, selector] of [
    ["istio-ingress", "istio-ingressgateway", "istio=ingressgateway"],
    ["demo", "user-service", "app=user-service"],
  ] as const) {
    if (new Set(await nodesOf(namespace, selector)).size < 2) {
      await kubectl("rollout", "restart", "-n", namespace, `deployment/${deployment}`);
    }
    await kubectl("rollout", "status", "-n", namespace, `deployment/${deployment}`, "--timeout=170s");
    await waitFor(
      deployment,
      async () => (new Set(await nodesOf(namespace, selector)).size > 1 ? undefined : "all pods are on one node"),
      { timeoutMs: 120_000, intervalMs: 1000 },
    );
  }
}

async function measure(fortio: string): Promise<Round> {
  const [stays, dies] = [...new Set(await nodesOf(service.namespace, "istio=ingressgateway"))];
  const address = await kubectl("get", "node", stays!, "-o", "jsonpath={.status.addresses[0].address}");
  const url = `http://${address}:${service.port}/user`;
  const flags = ["-qps", String(load.rps), "-c", String(load.rps), "-t", `${load.seconds}s`, "-timeout", "20s"];
  const result = run(fortio, ["load", "-quiet", "-allow-initial-errors", ...flags, "-json", "-", url], {
    timeoutMs: 180_000,
  });
  await sleep(load.killAfterSeconds * 1000);
  await run("docker", ["kill", dies!], { env });
  const round = roundOf(JSON.parse(await result) as FortioResult);
  // It starts the node again.
  await up();
  return round;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const fortio = `${await ensureGroup("fortio")}/fortio`;
  const manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: service.name, namespace: service.namespace },
    spec: {
      type: "NodePort",
      externalTrafficPolicy: "Local",
      selector: { istio: "ingressgateway" },
      ports: [{ name: "http", port: 80, targetPort: 80, nodePort: service.port }],
    },
  };
  await apply(manifest);
  try {
    const results: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      await spreadPods();
      const result = await measure(fortio);
      results.push(result);
      console.error(`round ${round} of ${rounds}: ${JSON.stringify(result)}`);
    }
    console.log("| lost node | sent | lost | p50 | p99 | max |\n| --- | ---: | ---: | ---: | ---: | ---: |");
    results.forEach(({ sent, lost, p50, p99, max }, i) => {
      const seconds = [p50, p99, max].map((value) => `${value.toFixed(2)} s`).join(" | ");
      console.log(`| round ${i + 1} | ${sent} | ${lost} | ${seconds} |`);
    });
    writeResults(process.argv[3] ?? "bench/results/lost-node.json", { rounds, load, results });
  } finally {
    await kubectl("delete", "service", "-n", service.namespace, service.name, "--ignore-not-found");
  }
}

void main();
