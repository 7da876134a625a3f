import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { applicationFolderMiB } from "../../components/applicationLog";
import type { Report } from "../../commands/verify/report";
import { eventually, npm, servingPod, tool } from "./cluster";
import { processesOf } from "./machine";
import { addFortio, apply, fortioIn, fortioService } from "./trafficSupport";
import { target } from "./target";

const folder = "/var/log/writer";

/** An application that serves a page, and writes what a test tells it to. */
const writer = {
  name: "writer",
  path: "/writer",
  image: target.images.busybox,
  args: ["httpd", "-f", "-p", "8080", "-h", "/tmp"],
  writablePaths: ["/tmp"],
  logFiles: { folder },
  resources: { requests: { cpu: "50m", memory: "16Mi" }, limits: { memory: "64Mi" } },
};

/** Fortio's released image has no shell; its load test logs each request to a file. */
const shellless = fortioService("shellless", "", {
  path: "/shellless",
  logFiles: { folder: "/var/log/fortio", files: "*.json" },
});

/** How fast and how long is written, and for which of these seconds the log store is away. */
const run = { perSecond: 5000, seconds: 60, awayFrom: 15, awayTo: 45 };

/** Lines that are counted as one: Loki answers with a number for each block. */
const block = 10_000;

/** Runs a command in the writer's own container. @returns what it prints. */
function inWriter(script: string): Promise<string> {
  return tool("kubectl", "-n", "demo", "exec", "deploy/writer", "-c", "writer", "--", "sh", "-c", script);
}

/** Starts a script there that goes on when the command has ended. */
async function startInWriter(script: string): Promise<void> {
  const quoted = script.replaceAll("'", "'\\''");
  await inWriter(`sh -c '${quoted}' > /tmp/said 2>&1 < /dev/null &`);
}

interface Stream {
  stream: Record<string, string>;
  values: [string, string][];
}

async function loki<T>(path: string, query: Record<string, string>): Promise<T[]> {
  const proxied = `/api/v1/namespaces/observability/services/loki:3100/proxy/loki/api/v1/${path}`;
  const said = await tool("kubectl", "get", "--raw", `${proxied}?${new URLSearchParams(query).toString()}`);
  return (JSON.parse(said) as { data: { result: T[] } }).data.result;
}

/** @returns the lines that Loki has for a query, of the last ten minutes, and their labels. */
function lines(query: string): Promise<Stream[]> {
  return loki<Stream>("query_range", { query, start: `${Date.now() - 600_000}000000`, limit: "500" });
}

/** @returns how many lines of a run Loki has, by block. */
async function counted(id: string): Promise<Map<number, number>> {
  const query =
    `sum by (block) (count_over_time({service_name="writer"} | log_source="application-file" |= "${id}" ` +
    '| regexp `"n":"(?P<block>[0-9]{5})[0-9]{4}"` [15m]))';
  const found = await loki<{ metric: { block?: string }; value: [number, string] }>("query", { query });
  return new Map(found.map(({ metric, value }) => [Number(metric.block), Number(value[1])]));
}

/**
 * @param between What the application does with its file after each second, in the shell.
 * @returns a script that writes numbered lines of 200 bytes, as many in each second.
 */
function writing(id: string, between: string): string {
  const batch = run.perSecond / 5;
  return [
    `cd ${folder} && exec 3>> app.log`,
    "n=0; next=$(date +%s)",
    `for second in $(seq ${run.seconds}); do`,
    "  next=$((next + 1))",
    "  for part in 1 2 3 4 5; do",
    `    awk -v n=$n 'BEGIN { pad = sprintf("%120s", ""); for (i = 0; i < ${batch}; i++) ` +
      `printf "{\\"level\\":\\"info\\",\\"run\\":\\"${id}\\",\\"n\\":\\"%09d\\",\\"pad\\":\\"%s\\"}\\n", n + i, pad }' >&3`,
    `    n=$((n + ${batch}))`,
    "    usleep 120000",
    "  done",
    `  ${between}`,
    "  while [ $(date +%s) -lt $next ]; do usleep 20000; done",
    "done",
    "echo $n > /tmp/written-" + id,
  ].join("\n");
}

/** @returns MiB that the shared folder takes. */
async function folderMiB(): Promise<number> {
  return Number((await inWriter(`du -sk ${folder}`)).split(/\s/)[0]) / 1024;
}

/**
 * Writes as {@link run} says, with the log store away for a while. Where the nodes are on this machine, it is killed
 * before it is away.
 * @returns how many lines were written, and the folder's most MiB.
 */
async function writeThroughOutage(id: string, between: string): Promise<{ written: number; most: number }> {
  const scale = (replicas: number) =>
    tool("kubectl", "-n", "observability", "scale", "statefulset/loki", `--replicas=${replicas}`);
  await startInWriter(writing(id, between));
  const begin = Date.now();
  const at = (second: number) => begin + second * 1000;
  let most = 0;
  let [isAway, wasAway] = [false, false];
  try {
    for (;;) {
      most = Math.max(most, await folderMiB());
      if (!wasAway && Date.now() > at(run.awayFrom)) {
        if (target.embedded) {
          const [loki] = processesOf("loki");
          process.kill(loki!, "SIGKILL");
        }
        await scale(0);
        [isAway, wasAway] = [true, true];
      }
      if (isAway && Date.now() > at(run.awayTo)) {
        await scale(1);
        isAway = false;
      }
      const written = Number(await inWriter(`cat /tmp/written-${id} 2>/dev/null || echo 0`));
      if (written > 0 && !isAway) {
        return { written, most };
      }
      assert.ok(Date.now() < at(5 * run.seconds), `it writes for ${run.seconds} s: ${await inWriter("cat /tmp/said")}`);
      await sleep(1000);
    }
  } finally {
    await scale(1);
  }
}

describe("files that an application writes", () => {
  before(async () => {
    await addFortio();
    await apply({ services: [writer, shellless] });
    // What Loki has must outlast its pod: it gets a volume while it runs.
    await apply({ services: [writer, shellless], logsVolume: "1Gi" });
    await inWriter("echo ok > /tmp/index.html");
  });

  it("arrive in Loki with service, version, pod, severity and trace id, an entry of several lines as one", async () => {
    const id = `entry-${Date.now()}`;
    const trace = randomBytes(16).toString("hex");
    const entries = [
      JSON.stringify({ level: "error", msg: `${id} json`, trace_id: trace }),
      `2026-06-01 12:00:00 WARN ${id} plain traceId=${trace}`,
      `2026-06-01 12:00:01 ERROR ${id} failed\n    at shop.Cart.add(Cart.java:7)\nCaused by: java.io.IOException\n    ... 5 more`,
    ];
    await inWriter(`printf '%s\\n' ${entries.map((entry) => `'${entry}'`).join(" ")} >> ${folder}/entries.log`);
    const { name: pod } = await servingPod("demo", "app=writer");
    await eventually(async () => {
      const found = (await lines(`{service_name="writer"} |= "${id}"`)).flatMap(({ stream, values }) =>
        values.map(([, line]) => ({ ...stream, line })),
      ) as Record<string, string>[];
      assert.deepEqual(found.map(({ line }) => line).sort(), [...entries].sort());
      for (const one of found) {
        assert.equal(one.service_version, "v1");
        assert.equal(one.k8s_pod_name, pod);
        assert.equal(one.log_source, "application-file");
      }
      const labels = (text: string) => found.find(({ line }) => line!.includes(text))!;
      assert.deepEqual(
        ["json", "plain", "failed"].map((text) => labels(`${id} ${text}`).severity_text?.toLowerCase()),
        ["error", "warn", "error"],
      );
      assert.deepEqual(
        ["json", "plain"].map((text) => labels(`${id} ${text}`).trace_id),
        [trace, trace],
      );
    }, 30);
    // From a trace back to its lines, as Grafana asks.
    assert.equal((await lines(`{service_name=~".+"} | trace_id="${trace}"`)).flatMap(({ values }) => values).length, 2);
  });

  it("need no shell in the application's image", async () => {
    const shell = ["-n", "demo", "exec", "deploy/shellless", "-c", "shellless", "--", "sh", "-c", "true"];
    // The embedded cluster's images have one all the same, below each program.
    if (!target.embedded) {
      await assert.rejects(tool("kubectl", ...shell), "the image has no shell");
    }
    const file = `/var/log/fortio/${Date.now()}.json`;
    const load = ["load", "-quiet", "-n", "20", "-c", "1", "-access-log-file", file, "http://localhost:8080/"];
    const said = await fortioIn("shellless", ...load);
    await eventually(async () => {
      const found = await lines('{service_name="shellless"} | log_source="application-file" |= "latency"');
      assert.equal(found.flatMap(({ values }) => values).length, 20, said);
    }, 30);
  });

  it("are followed by npm run verify, from file and from standard output", async () => {
    const { stdout } = await npm("verify", ...target.flags, "--json", "--only", "application-files");
    const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
    const { verdict, evidence } = report.checks.find(({ name }) => name === "application-files")!;
    assert.equal(verdict, "pass", JSON.stringify(report.causes));
    assert.match(evidence, /^demo\/writer-\S+: /);
  });

  it("are there again when the log store had no volume for a while: the claim of one stays", async () => {
    const id = `kept-${Date.now()}`;
    await inWriter(`echo ${id} >> ${folder}/entries.log`);
    const found = async () =>
      (await lines(`{service_name="writer"} |= "${id}"`)).flatMap(({ values }) => values).length;
    await eventually(async () => assert.equal(await found(), 1), 30);
    await apply({ services: [writer, shellless] });
    await eventually(async () => assert.equal(await found(), 0), 30);
    await apply({ services: [writer, shellless], logsVolume: "1Gi" });
    await eventually(async () => assert.equal(await found(), 1), 30);
  });

  const total = run.perSecond * run.seconds;
  const title = `at ${run.perSecond} lines a second for ${run.seconds} s, Loki away for ${run.awayTo - run.awayFrom} s`;
  const blocks = (missing: Map<number, number>) => JSON.stringify([...missing]);

  it(`arrive all, once each, where the application renames its own file: ${title}`, async () => {
    const id = `own-${Date.now()}`;
    // It keeps five old files, and opens a new one.
    const rename =
      '[ $(stat -c %s app.log) -lt 8000000 ] || { exec 3>&-; mv app.log "app-$second.log"; exec 3>> app.log; ' +
      "rm -f $(ls -t app-*.log | tail -n +6); }";
    const { written, most } = await writeThroughOutage(id, rename);
    assert.equal(written, total);
    assert.ok(most > 5 && most < applicationFolderMiB, `${most} of ${applicationFolderMiB} MiB`);
    await eventually(async () => {
      const found = await counted(id);
      const all = Array.from({ length: total / block }, (_, i) => i);
      assert.deepEqual(
        all.filter((i) => found.get(i) !== block),
        [],
        blocks(found),
      );
    }, 300);
  });

  it(`arrive all but what is written in the moment of an emptying, where it keeps the file open: ${title}`, async () => {
    const id = `open-${Date.now()}`;
    const { written, most } = await writeThroughOutage(id, ":");
    assert.equal(written, total);
    assert.ok(most > 16 && most < applicationFolderMiB, `${most} of ${applicationFolderMiB} MiB`);
    await eventually(async () => {
      const found = await counted(id);
      const sum = [...found.values()].reduce((one, other) => one + other, 0);
      assert.ok(sum <= total && sum >= total * 0.9999, `${sum} of ${total}: ${blocks(found)}`);
    }, 300);
    const pods = await tool("kubectl", "-n", "demo", "get", "pods", "-l", "app=writer", "--no-headers");
    assert.match(pods, /^\S+ +\S+ +Running +0 [^\n]*\n$/, `one pod, neither evicted nor restarted:\n${pods}`);
  });
});
