/**
 * Growth: previews, updates and memory of the dev stack with more and more services, against a naive program that
 * declares a Deployment and a Service each, one after the other in one run. What a service costs is the difference
 * between two sizes, so that neither start-up nor the control plane counts.
 *
 *   tsx bench/growth.ts [sizes of previews, or none] [sizes of updates, or none] [file.json] [folder of Istio's charts]
 *
 * Previews need no cluster. Updates are made on the sandbox, with the pods of services on a node of kwok's; at the end
 * of each way all is removed. Ours is updated by the CLI once more with its state written at the end alone, which
 * measures the cost of the state file. It is no mode for real use: after an interrupted update the state lacks the
 * resources that were created.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withTemporaryFolder } from "../commands/shared/temporaryFolder";
import { findPulumi } from "../commands/pulumi/cli";
import { homeOf } from "../commands/pulumi/environment";
import { projectFolder } from "../commands/session/stackFiles";
import { expectedInfo, up as sandboxUp } from "../toolchain";
import { apply, kubectl } from "./growth/cluster";
import { FakeNode, manyServices, naiveProgram } from "./growth/fakeNode";
import { watched, type Usage } from "./growth/processTree";
import { writeResults } from "./measure";
import { backendEnvironment, makeProgramFolder, makeStacks } from "./programFolder";

const info = expectedInfo();

/** Namespace of the naive program's pods; istiod injects them as it does ours. */
const naiveNamespace = "naive";

/** One figure of one program. */
interface Row {
  program: "ours" | "naive" | "ours, state written once";
  what: "preview" | "up" | "no-op up" | "removal";
  services: number;
  resources: number;
  ms: number;
  cpuMs: Usage["cpuMs"];
  peakMiB: Usage["peakMiB"];
}

/** @returns how many resources a command says that it was about. */
function resourcesOf(said: string): number {
  // In a summary: a name that ends in a number, and is created, is none.
  const counts = [...said.matchAll(/(?:^|,)[\s+~-]*(\d+) (?:to create|created|unchanged|deleted)\b/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** @returns the figure of a command that ended. */
function rowOf(
  { program, what, services }: Pick<Row, "program" | "what" | "services">,
  { said, ms, cpuMs, peakMiB }: Usage,
): Row {
  return { program, what, services, resources: resourcesOf(said), ms, cpuMs, peakMiB };
}

/** Both programs with stacks of their own in a folder that goes away. */
class Programs {
  constructor(
    private readonly pulumi: string,
    private readonly home: Record<string, string>,
    private readonly folder: string,
    private readonly kubeconfig: string,
    private readonly config: Record<string, unknown>,
  ) {}

  private get naive(): string {
    return join(this.folder, "naive");
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...backendEnvironment(this.folder, this.kubeconfig), ...this.home };
  }

  /** Makes the stacks. */
  async init(): Promise<void> {
    makeProgramFolder(this.naive);
    await makeStacks(this.pulumi, this.naive, "naive", this.env);
  }

  /** Runs a command of the CLI on one of the programs with some services. */
  async command(program: Row["program"], what: Row["what"], services: number): Promise<Row> {
    const flags = what === "preview" ? ["preview"] : ["up", "--yes", "--skip-preview"];
    const usage = await watched(
      this.pulumi,
      [...flags, "--stack", "bench", "--non-interactive", ...this.prepare(program, services)],
      this.where(program),
    );
    return rowOf({ program, what, services }, usage);
  }

  /** Removes what one of the programs made. */
  async destroy(program: Row["program"], services: number): Promise<Row> {
    const flags = ["destroy", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive"];
    const config = program === "naive" ? [] : ["--config-file", this.configFile];
    const usage = await watched(this.pulumi, [...flags, ...config], this.where(program));
    return rowOf({ program, what: "removal", services }, usage);
  }

  private where(program: Row["program"]): { cwd: string; env: NodeJS.ProcessEnv } {
    const once = program === "ours, state written once" && { PULUMI_SKIP_CHECKPOINTS: "true" };
    return { cwd: program === "naive" ? this.naive : projectFolder, env: { ...this.env, ...once } };
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
function growthTable(rows: readonly Row[]): string {
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
      per(({ cpuMs }) => cpuMs.all - cpuMs.program - cpuMs.provider, services),
      per(({ cpuMs }) => cpuMs.all, resources),
      `${Math.round(row.peakMiB.program)} MiB`,
      `${Math.round(row.peakMiB.provider)} MiB`,
    ];
    return `| ${row.what} | ${row.program} | ${row.services} | ${figures.join(" | ")} |`;
  });
  return [
    "| | program | services | resources | time | ms a service | ms a resource | CPU ms a service | of these the CLI's | CPU ms a resource | program's memory | provider's memory |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ].join("\n");
}

/** Makes programs, uses them, and leaves nothing of them behind. */
async function withPrograms(
  kubeconfig: string,
  config: Record<string, unknown>,
  use: (programs: Programs) => Promise<void>,
): Promise<void> {
  const cli = await findPulumi(console.error);
  await withTemporaryFolder(async (folder) => {
    const programs = new Programs(cli.command, homeOf(cli, process.env), folder, kubeconfig, config);
    await programs.init();
    await use(programs);
  });
}

/** The pods do not run, so there is nothing to observe. */
const unobserved = { metricsBackend: "none", tracingBackend: "none", logsBackend: "none" };

/**
 * Runs something on a sandbox where the control plane, which `begin` brings up, is real, and what comes after only
 * seems to run.
 */
async function withFakeNode(
  begin: () => Promise<unknown>,
  use: () => Promise<void>,
  log: (line: string) => void,
): Promise<void> {
  await sandboxUp({ log });
  const node = await FakeNode.start(log);
  try {
    await node.useReal();
    await begin();
    await node.useFake();
    await use();
  } finally {
    await node.stop();
  }
}

/**
 * Updates by the CLI: from nothing to the first size, from each size to the next, and each a second time; then their
 * removal.
 */
async function updatesByCli(sizes: readonly number[], keep: (row: Row) => void, log: (line: string) => void) {
  const config = {
    profile: "sandbox",
    kubeconfig: info.kubeconfig,
    kubeContext: info.context,
    istioCharts: info.chartsFolder,
    istioHub: info.hub,
    istioTag: info.tag,
    ...unobserved,
  };
  await withPrograms(info.kubeconfig, config, async (programs) => {
    const use = async () => {
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
      keep(await programs.destroy("naive", sizes.at(-1)!));
      await kubectl("delete", "namespace", naiveNamespace);
      keep(await programs.destroy("ours", sizes.at(-1)!));
    };
    const begin = () => programs.command("ours", "up", 2);
    await withFakeNode(begin, use, log);
    // What the CLI's file of the state takes, which it writes anew with each step.
    const once = "ours, state written once";
    const useOnce = async () => {
      for (const services of sizes) {
        keep(await programs.command(once, "up", services));
      }
      keep(await programs.destroy(once, sizes.at(-1)!));
    };
    await withFakeNode(begin, useOnce, log);
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
    await updatesByCli(updateSizes, keep, log);
  }
  console.log(growthTable(rows));
}

void main();
