/**
 * A first start on a machine that has built nothing: `npm start` with caches and state of its own, which are empty and
 * go away afterwards. Says when traffic passes and when everything is there, and what each part took: processor time
 * (that of `go build` alone; of what runs beside it nothing is known), wall time and room. It takes half an hour and 15
 * GB, and wants a machine with nothing else to do. A machine has one embedded cluster: where one runs this refuses to
 * start.
 *
 *   tsx bench/firstBuild.ts [--cold-modules] [--json FILE]
 *
 * --cold-modules has Go download its modules as well; else they are taken from where Go keeps them.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { projectFolder } from "../commands/session/stackFiles";
import { expectedInfo, status } from "../toolchain";
import { ownNetwork } from "../toolchain/docker/dockerd";
import { type Measurement, measurementsVariable, run } from "../toolchain/system/run";
import { writeResults } from "./measure";

/** What `npm start` says once a step is done. */
const steps = {
  "node image made, cluster begins": /kind creates the cluster/,
  "nodes Ready": /the nodes are ready/,
  "cluster usable, with the mesh's images": /the cluster answers/,
  "Pulumi there": /^engine: /,
  "first update done": /traffic passes: /,
};

/** Room of what a first start makes, as folders below that of the bench. */
const rooms = {
  "Envoy, Debian packages": ["cache/sidecar-mesh/envoy", "cache/sidecar-mesh/packages", "cache/sidecar-mesh/apt"],
  "root of the node": ["cache/sidecar-mesh/node"],
  "images and containers": ["state/sidecar-mesh/docker"],
  "Go's compiled packages": ["go-build"],
  "Go's modules": ["go"],
};

interface Row {
  part: string;
  seconds?: number;
  cpuSeconds?: number;
  megabytes?: number;
}

/** @throws Error if an embedded cluster runs here. */
async function refuseRunning(): Promise<void> {
  if (existsSync(`/sys/class/net/${ownNetwork.bridge}`) || (await status()).running) {
    throw new Error("an embedded cluster runs here, and a machine has one: stop it with npm run sandbox -- down");
  }
}

/** Seconds of processor time that this machine has worked since it started. */
function busySeconds(): number {
  const times = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return times.reduce((sum, one) => sum + one, 0) / 1000;
}

/** Runs a script of the project, and shows what it says. @param said Called with each line. */
async function script(args: string[], env: NodeJS.ProcessEnv, said: (line: string) => void): Promise<void> {
  const child = spawn("npm", args, {
    cwd: projectFolder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      console.error(line);
      said(line);
    });
  }
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) {
    throw new Error(`npm ${args.join(" ")} ended with exit code ${String(code)}`);
  }
}

/** Asks the gateway until it answers. */
async function untilTraffic(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(`${expectedInfo().gatewayUrl}/user`, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    );
    if (answer?.status === 200) {
      return;
    }
    await sleep(500);
  }
}

async function megabytes(paths: readonly string[]): Promise<number | undefined> {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) {
    return undefined;
  }
  const total = (await run("du", ["-smc", ...there])).trim().split("\n").at(-1)!;
  return Number(total.split("\t")[0]);
}

/** @returns a row for each part that was measured, with the room of what was built. */
async function partRows(folder: string): Promise<Row[]> {
  const file = join(folder, "parts");
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  const binaries = join(folder, "cache/sidecar-mesh/binaries");
  const built = existsSync(binaries) ? readdirSync(binaries) : [];
  const rows: Row[] = [];
  for (const { name, from, to, cpuSeconds } of lines.map((line) => JSON.parse(line) as Measurement)) {
    const own = built.filter((entry) => entry.replace(/-[0-9a-f]{12}$/, "") === name);
    rows.push({
      part: name,
      seconds: (to - from) / 1000,
      cpuSeconds,
      megabytes: await megabytes(own.map((entry) => join(binaries, entry))),
    });
  }
  for (const [part, paths] of Object.entries(rooms)) {
    rows.push({ part, megabytes: await megabytes(paths.map((path) => join(folder, path))) });
  }
  return rows;
}

const time = (seconds: number) => `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
const cell = (value: number | undefined) => (value === undefined ? "" : value.toFixed(0));

function print(moments: Record<string, number>, rows: readonly Row[], busy: number): void {
  console.log("\n| first start | since it began |\n| --- | ---: |");
  for (const [name, value] of Object.entries(moments)) {
    console.log(`| ${name} | ${time(value)} |`);
  }
  console.log("\n| part | wall s | CPU s | MB |\n| --- | ---: | ---: | ---: |");
  for (const { part, seconds, cpuSeconds, megabytes: room } of rows) {
    console.log(`| ${part} | ${cell(seconds)} | ${cell(cpuSeconds)} | ${cell(room)} |`);
  }
  console.log(`\nThe machine's processors worked ${busy.toFixed(0)} s in all of this.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "cold-modules": { type: "boolean", default: false },
      json: { type: "string", default: "bench/results/first-build.json" },
    },
  });
  await refuseRunning();
  const cold = values["cold-modules"];
  const folder = mkdtempSync(join(tmpdir(), "first-build-"));
  const goFlags = (await run("go", ["env", "GOFLAGS"])).trim();
  const env: NodeJS.ProcessEnv = {
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    GOCACHE: join(folder, "go-build"),
    [measurementsVariable]: join(folder, "parts"),
    // Go keeps its modules read-only, so that nothing but Go itself can remove them.
    ...(cold && { GOMODCACHE: join(folder, "go"), GOFLAGS: `${goFlags} -modcacherw`.trim() }),
  };
  const started = performance.now();
  const busyBefore = busySeconds();
  const since = () => (performance.now() - started) / 1000;
  const moments: Record<string, number> = {};
  const ended = new AbortController();
  const traffic = untilTraffic(ended.signal).then(() => {
    if (!ended.signal.aborted) {
      moments["traffic passes"] = since();
    }
  });
  try {
    await script(["start", "--silent", "--", "--sandbox", "--yes", "--quiet", "--json"], env, (line) => {
      for (const [name, said] of Object.entries(steps)) {
        if (said.test(line)) {
          moments[name] ??= since();
        }
      }
    });
    moments.everything = since();
    const busy = busySeconds() - busyBefore;
    const rows = await partRows(folder);
    print(moments, rows, busy);
    writeResults(values.json, { coldModules: cold, moments, rows, busySeconds: busy });
  } finally {
    ended.abort();
    await traffic;
    await script(["run", "--silent", "sandbox", "--", "reset"], env, () => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
