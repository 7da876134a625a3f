/**
 * Start-up: a warm `pulumi preview` of the dev stack, with and without the policy pack, against an empty program with the same runtime
 * options, in each round one after the other. Needs the Pulumi CLI on PATH; no cluster.
 *
 *   tsx bench/preview.ts [rounds] [file.json]
 */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOnPath } from "../commands/pulumiCli";
import { projectFolder } from "../commands/stackFiles";
import { run } from "../sandbox/system/run";
import { pairedRatio, sideBySide, table, writeResults } from "./measure";

/** The empty program: our runtime options, so that it is compiled and started as ours is. */
const emptyProject = `name: empty
runtime:
  name: nodejs
  options:
    packagemanager: npm
    typescript: false
    nodeargs: "--import tsx"
`;

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 7);
  const output = process.argv[3] ?? "bench/results/preview.json";
  const pulumi = findOnPath("pulumi", (path) => path.endsWith(join("node_modules", ".bin")));
  if (pulumi === undefined) {
    throw new Error("there is no Pulumi CLI on PATH, and nothing else previews; install it");
  }
  const folder = mkdtempSync(join(tmpdir(), "preview-bench-"));
  const empty = join(folder, "empty");
  const config = join(folder, "Pulumi.bench.yaml");
  const env = {
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Whoever runs this has a cluster, or not: it must not matter.
    KUBECONFIG: "/nonexistent",
  };
  const stack = ["--stack", "bench", "--config-file", config, "--non-interactive"];
  const time = async (cwd: string, ...flags: string[]) => {
    const started = performance.now();
    await run(pulumi, ["preview", ...stack, ...flags], { cwd, env });
    return performance.now() - started;
  };
  try {
    cpSync(join(projectFolder, "package.json"), join(empty, "package.json"), { recursive: true });
    symlinkSync(join(projectFolder, "node_modules"), join(empty, "node_modules"));
    writeFileSync(join(empty, "Pulumi.yaml"), emptyProject);
    writeFileSync(join(empty, "index.ts"), "export {};\n");
    writeFileSync(config, "config: {}\n");
    for (const cwd of [empty, projectFolder]) {
      await run(pulumi, ["stack", "init", ...stack, "--no-select"], { cwd, env });
    }
    const ways = {
      "dev, with the policy pack": () => time(projectFolder, "--policy-pack", "policy"),
      dev: () => time(projectFolder),
      "an empty program": () => time(empty),
    };
    for (const way of Object.values(ways)) {
      await way();
    }
    const results = await sideBySide(ways, rounds, console.error);
    const pack = pairedRatio(results["dev, with the policy pack"]!, results["dev"]!);
    console.log(table("pulumi preview", results));
    console.log(`\nThe policy pack makes the preview of dev ${pack.toFixed(2)} times as long.`);
    writeResults(output, { rounds, pulumi: (await run(pulumi, ["version"])).trim(), results, pack });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
