/**
 * The embedded cluster's own times, its programs and images built: from no cluster to nodes that are Ready, from there,
 * with all images loaded, to both URLs answering, and from a cluster that was stopped with its stack to both URLs
 * answering again. For one node and for three. The stack is the default one, observability included, and once without
 * it.
 *
 *   tsx bench/sandbox.ts [rounds] [file.json]
 */
import { down, reset, up } from "../toolchain";
import { milliseconds, spread, writeResults } from "./measure";
import { npm, untilTraffic } from "./traffic";

/** Creates the cluster, images included. @returns milliseconds until the nodes were ready. */
async function untilReady(nodes: number): Promise<number> {
  const started = performance.now();
  let ready = NaN;
  await up({
    nodes,
    log: (line) => {
      if (line === "the nodes are ready") {
        ready = performance.now() - started;
      }
    },
  });
  return ready;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const output = process.argv[3] ?? "bench/results/sandbox.json";
  const start = (...config: string[]) =>
    npm("start", "--silent", "--", "--sandbox", ...config.flatMap((one) => ["-c", one]));
  const steps: Record<string, () => Promise<number>> = {};
  for (const nodes of [1, 3]) {
    const title = nodes === 1 ? "one node" : `${nodes} nodes`;
    Object.assign(steps, {
      [`${title}: from no cluster to Ready`]: async () => {
        await reset({ keepImages: true });
        return untilReady(nodes);
      },
      [`${title}: from Ready to traffic`]: () => untilTraffic(() => start()),
      [`${title}: a second npm start`]: () => milliseconds(() => start()),
      [`${title}: npm start, from stopped to traffic`]: async () => {
        await down();
        return untilTraffic(() => start());
      },
    });
  }
  // What the rest of the stack takes of the processors meanwhile.
  steps["one node: from Ready to traffic, without observability"] = async () => {
    await reset({ keepImages: true });
    await untilReady(1);
    return untilTraffic(() => start("metricsBackend=none", "tracingBackend=none", "logsBackend=none"));
  };
  const values: Record<string, number[]> = Object.fromEntries(Object.keys(steps).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const value = await step();
      values[name]!.push(value);
      console.error(`round ${round} of ${rounds}: ${name} ${(value / 1000).toFixed(1)} s`);
    }
  }
  await npm("run", "--silent", "down", "--", "--sandbox");
  const results = Object.fromEntries(
    Object.entries(values).map(([name, all]) => [name, { ...spread(all), values: all }]),
  );
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  console.log("| sandbox | min | median | max |\n| --- | ---: | ---: | ---: |");
  for (const [name, { min, median, max }] of Object.entries(results)) {
    console.log(`| ${name} | ${seconds(min)} | ${seconds(median)} | ${seconds(max)} |`);
  }
  writeResults(output, { rounds, results });
}

void main();
