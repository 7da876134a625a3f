/**
 * Growth: previews, updates and memory of the dev stack with more and more services, against a naive program that declares a Deployment
 * and a Service each, one after the other in one run. What a service costs is the difference between two sizes, so that neither start-up
 * nor the control plane counts. Needs the Pulumi CLI on PATH.
 *
 *   tsx bench/growth.ts [sizes of previews, or none] [sizes of updates, or none] [file.json] [folder of Istio's charts]
 *
 * Previews need no cluster. Updates are made on the sandbox, by the CLI, with the pods of services on a node of kwok's.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOnPath } from "../commands/pulumiCli";
import { projectFolder } from "../commands/stackFiles";
import { expectedInfo, up as sandboxUp } from "../sandbox";
import { apply, kubectl } from "./growth/cluster";
import { FakeNode } from "./growth/fakeNode";
import { watched } from "./growth/processTree";
import type { Usage } from "./growth/processTree";
import { manyServices, naiveProgram } from "./growth/services";
import { writeResults } from "./measure";
import { backendEnvironment, makeProgramFolder, makeStacks } from "./programFolder";

const info = expectedInfo();

/** Namespace of the naive program's pods; istiod injects them as it does ours. */
const naiveNamespace = "naive";

/** One figure of one program. */
interface Row {
  program: "ours" | "naive";
  what: "preview" | "up" | "no-op up";
  services: number;
  resources: number;
  ms: number;
  cpuMs: Usage["cpuMs"];
  peakMiB: Usage["peakMiB"];
}

/** Both programs with stacks of their own in a folder that goes away. */
class Programs {
  constructor(
    private readonly pulumi: string,
    private readonly folder: string,
    private readonly kubeconfig: string,
    private readonly config: Record<string, unknown>,
  ) {}

  private get naive(): string {
    return join(this.folder, "naive");
  }

  private get env(): NodeJS.ProcessEnv {
    return backendEnvironment(this.folder, this.kubeconfig);
  }

  /** Makes the stacks. */
  async init(): Promise<void> {
    makeProgramFolder(this.naive);
    await makeStacks(this.pulumi, this.naive, "naive", this.env);
  }

  /** Runs a command of the CLI on one of the programs with some services. */
  async command(program: Row["program"], what: Row["what"], services: number): Promise<Row> {
    const flags = what === "preview" ? ["preview"] : ["up", "--yes", "--skip-preview"];
    const { ms, cpuMs, peakMiB, stdout } = await watched(
      this.pulumi,
      [...flags, "--stack", "bench", "--non-interactive", ...this.prepare(program, services)],
      { cwd: program === "ours" ? projectFolder : this.naive, env: this.env },
    );
    const counts = [...stdout.matchAll(/(\d+) (?:to create|created|unchanged)/g)].map(([, count]) => Number(count));
    const resources = counts.reduce((sum, count) => sum + count, 0);
    return { program, what, services, resources, ms, cpuMs, peakMiB };
  }

  /** Removes what one of the programs made. */
  async destroy(program: Row["program"]): Promise<void> {
    const flags = ["destroy", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive"];
    const config = program === "ours" ? ["--config-file", this.configFile] : [];
    await watched(this.pulumi, [...flags, ...config], {
      cwd: program === "ours" ? projectFolder : this.naive,
      env: this.env,
    });
  }

  private get configFile(): string {
    return join(this.folder, "Pulumi.bench.yaml");
  }

  /** Writes what makes a program declare so many services. @returns the flags that it needs. */
  private prepare(program: Row["program"], services: number): string[] {
    if (program === "naive") {
      writeFileSync(join(this.naive, "index.ts"), naiveProgram(services, naiveNamespace));
      return [];
    }
    const settings = { ...this.config, services: manyServices(services) };
    const lines = Object.entries(settings).map(([key, value]) => `  sidecar-mesh:${key}: ${JSON.stringify(value)}`);
    const made = readFileSync(join(this.naive, "Pulumi.bench.yaml"), "utf8");
    writeFileSync(this.configFile, [made.trimEnd(), "config:", ...lines, ""].join("\n"));
    return ["--config-file", this.configFile];
  }
}

/** @returns a Markdown table with what each further service costs since the size before. */
export function growthTable(rows: readonly Row[]): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const lines = rows.map((row) => {
    const before = rows.findLast(
      ({ program, what, services }) => program === row.program && what === row.what && services < row.services,
    );
    const per = (of: (one: Row) => number, by: (one: Row) => number) =>
      before ? ((of(row) - of(before)) / (by(row) - by(before))).toFixed(0) : "";
    const services = (one: Row) => one.services;
    const resources = (one: Row) => one.resources;
    const figures = [
      row.resources,
      `${seconds(row.ms)} s`,
      per(({ ms }) => ms, services),
      per(({ ms }) => ms, resources),
      per(({ cpuMs }) => cpuMs.all, services),
      per(({ cpuMs }) => cpuMs.all, resources),
      `${Math.round(row.peakMiB.program)} MiB`,
      `${Math.round(row.peakMiB.provider)} MiB`,
    ];
    return `| ${row.what} | ${row.program} | ${row.services} | ${figures.join(" | ")} |`;
  });
  return [
    "| | program | services | resources | time | ms a service | ms a resource | CPU ms a service | CPU ms a resource | program's memory | provider's memory |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

/** Makes programs, uses them, and leaves nothing of them behind. */
async function withPrograms(
  kubeconfig: string,
  config: Record<string, unknown>,
  use: (programs: Programs) => Promise<void>,
): Promise<void> {
  const pulumi = findOnPath("pulumi", (path) => path.endsWith(join("node_modules", ".bin")));
  if (pulumi === undefined) {
    throw new Error("there is no Pulumi CLI on PATH, and nothing else previews; install it");
  }
  const folder = mkdtempSync(join(tmpdir(), "growth-bench-"));
  try {
    const programs = new Programs(pulumi, folder, kubeconfig, config);
    await programs.init();
    await use(programs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Updates on the sandbox: from nothing to the first size, from each size to the next, and each a second time. */
async function updates(sizes: readonly number[], keep: (row: Row) => void, log: (line: string) => void): Promise<void> {
  await sandboxUp({ log });
  const config = {
    profile: "sandbox",
    kubeconfig: info.kubeconfig,
    kubeContext: info.context,
    istioCharts: info.chartsFolder,
    istioHub: info.hub,
    istioTag: info.tag,
    // Nobody has to look at pods that are none.
    ...{ metricsBackend: "none", tracingBackend: "none", logsBackend: "none" },
  };
  await withPrograms(info.kubeconfig, config, async (programs) => {
    const node = await FakeNode.start(log);
    try {
      // The control plane is real.
      await node.useReal();
      await programs.command("ours", "up", 2);
      await node.useFake();
      await apply({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: naiveNamespace, labels: { "istio-injection": "enabled" } },
      });
      for (const services of sizes) {
        for (const program of ["naive", "ours"] as const) {
          keep(await programs.command(program, "up", services));
          keep(await programs.command(program, "no-op up", services));
        }
      }
      await programs.destroy("naive");
      await kubectl("delete", "namespace", naiveNamespace);
      await programs.destroy("ours");
    } finally {
      await node.stop();
    }
  });
}

function sizesOf(text: string): number[] {
  if (text === "none") {
    return [];
  }
  const sizes = text.split(",").map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 2)) {
    throw new Error(`sizes are whole numbers of 2 or more with commas between them, not ${text}`);
  }
  return sizes;
}

async function main(): Promise<void> {
  const previewSizes = sizesOf(process.argv[2] ?? "10,100,500,1000");
  const updateSizes = sizesOf(process.argv[3] ?? "10,100");
  const output = process.argv[4] ?? "bench/results/growth.json";
  const charts = process.argv[5] ?? info.chartsFolder;
  const rows: Row[] = [];
  const log = (line: string) => console.error(line);
  const keep = (row: Row) => {
    rows.push(row);
    log(JSON.stringify(row));
    writeResults(output, { rows });
  };
  if (previewSizes.length > 0) {
    await withPrograms("/nonexistent", { istioCharts: charts }, async (programs) => {
      // The first fills caches.
      await programs.command("ours", "preview", 2);
      await programs.command("naive", "preview", 2);
      for (const services of previewSizes) {
        keep(await programs.command("naive", "preview", services));
        keep(await programs.command("ours", "preview", services));
      }
    });
  }
  if (updateSizes.length > 0) {
    await updates(updateSizes, keep, log);
  }
  console.log(growthTable(rows));
}

void main();
