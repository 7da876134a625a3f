/**
 * Footprint: what the dev stack asks for and uses, and what each proxy holds with few and with many services in the
 * mesh, where it knows all of them (`proxyScope: mesh`) and where it knows what it calls (`declared`). The two services
 * of the default run on the sandbox's node for real; the others are on a node of kwok's, injected by istiod and known
 * to the proxies like any other. On the way it is measured how long npm start takes to make so many, and to find that
 * nothing is to be done.
 *
 *   tsx bench/footprint.ts [few] [many] [file.json]
 */
import { projectFolder } from "../commands/session/stackFiles";
import { up as sandboxUp } from "../toolchain";
import { containerUse, istiodMiB, proxyUse, restartProxies, type ContainerUse, type ProxyUse } from "./growth/cluster";
import { FakeNode, manyServices } from "./growth/fakeNode";
import { watched, type Usage } from "./growth/processTree";
import { writeResults } from "./measure";

/** Neither looks at, nor is looked at by, a thousand pods that are none. */
const unobserved = { metricsBackend: "none", logsBackend: "none" };

type Scope = "mesh" | "declared";

const onSandbox = ["--sandbox"];

function up(config: Record<string, unknown>): Promise<Usage> {
  const settings = Object.entries(config).flatMap(([key, value]) => [
    "-c",
    `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
  return watched("npm", ["start", "--silent", "--", ...onSandbox, ...settings], { cwd: projectFolder });
}

function down(): Promise<Usage> {
  return watched("npm", ["run", "--silent", "down", "--", ...onSandbox], { cwd: projectFolder });
}

function usageOf({ ms, cpuMs, peakMiB, said }: Usage) {
  const summary = /Resources:\s*([^]*?)\n\n/
    .exec(said)?.[1]
    ?.split(/\s*\n\s*/)
    .join(", ");
  return { ms: Math.round(ms), cpuMs: cpuMs.program, peakMiB: Math.round(peakMiB.program), summary };
}

/** Sums the containers of each pod's workload; the number that makes a pod's name unique is left out. */
function byWorkload(containers: readonly ContainerUse[]) {
  const sums = new Map<string, { requests: { milliCpu: number; mib: number }; milliCpu: number; mib: number }>();
  for (const { namespace, pod, requests, milliCpu, workingSetMiB } of containers) {
    const name = `${namespace}/${pod.replace(/(-[0-9a-f]{8,10})?-[a-z0-9]{5}$/, "")}`;
    const sum = sums.get(name) ?? { requests: { milliCpu: 0, mib: 0 }, milliCpu: 0, mib: 0 };
    sum.requests.milliCpu += requests.milliCpu;
    sum.requests.mib += requests.mib;
    sum.milliCpu += milliCpu;
    sum.mib += workingSetMiB;
    sums.set(name, sum);
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @returns the figures of a stack as a Markdown table. */
function stackTable(sums: ReturnType<typeof byWorkload>): string {
  const row = (name: string, { requests, milliCpu, mib }: (typeof sums)[string]) =>
    `| ${name} | ${Math.round(requests.milliCpu)} m | ${Math.round(requests.mib)} MiB | ${Math.round(milliCpu)} m | ${Math.round(mib)} MiB |`;
  const all = Object.values(sums).reduce((total, one) => ({
    requests: {
      milliCpu: total.requests.milliCpu + one.requests.milliCpu,
      mib: total.requests.mib + one.requests.mib,
    },
    milliCpu: total.milliCpu + one.milliCpu,
    mib: total.mib + one.mib,
  }));
  return [
    "| | CPU requested | memory requested | CPU used | memory used |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...Object.entries(sums).map(([name, sum]) => row(name, sum)),
    row("all", all),
  ].join("\n");
}

async function main(): Promise<void> {
  const few = Number(process.argv[2] ?? 10);
  const many = Number(process.argv[3] ?? 1000);
  const output = process.argv[4] ?? "bench/results/footprint.json";
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const results: Record<string, unknown> = {};
  const keep = (name: string, value: unknown) => {
    results[name] = value;
    log(`${name}: ${JSON.stringify(value)}`);
    writeResults(output, results);
  };

  await sandboxUp({ log });
  await down();
  // The whole stack first, without anything fake.
  keep("up of the whole stack", usageOf(await up({})));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  const node = await FakeNode.start(log);
  try {
    await node.useReal();
    const ours = (await containerUse(node.realNode)).filter(({ namespace }) => namespace !== "kube-system");
    const sums = byWorkload(ours);
    keep("stack", sums);
    console.log(stackTable(sums));

    const config = (count: number, scope: Scope) => ({
      ...unobserved,
      proxyScope: scope,
      services: manyServices(count),
    });
    const proxies: Record<string, ProxyUse[]> = {};
    const measure = async (count: number, scope: Scope) => {
      await node.useReal();
      await restartProxies();
      const name = `${scope}, ${count} services`;
      proxies[name] = await proxyUse(node.realNode);
      keep(`proxies: ${name}`, proxies[name]);
      keep(`istiod: ${name}`, await istiodMiB(node.realNode));
    };

    keep("up: 2 services", usageOf(await up(config(2, "mesh"))));
    await node.useFake();
    keep(`up: ${few} services`, usageOf(await up(config(few, "mesh"))));
    await measure(few, "mesh");
    // istiod starts anew with another scope: it belongs on the real node.
    keep(`up: scope, ${few} services`, usageOf(await up(config(few, "declared"))));
    await measure(few, "declared");
    await node.useFake();
    keep(`up: ${many} services`, usageOf(await up(config(many, "declared"))));
    keep(`no-op up: ${many} services`, usageOf(await up(config(many, "declared"))));
    await measure(many, "declared");
    keep(`up: scope, ${many} services`, usageOf(await up(config(many, "mesh"))));
    await measure(many, "mesh");
    keep(`down: ${many} services`, usageOf(await down()));
  } finally {
    await node.stop();
  }
}

void main();
