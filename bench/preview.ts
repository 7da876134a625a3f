/**
 * Start-up: a warm `pulumi preview` of the dev stack, with and without the policy pack, against an empty program with the same runtime
 * options, in each round one after the other. Needs the Pulumi CLI on PATH; no cluster.
 *
 *   tsx bench/preview.ts [rounds] [file.json] [folder of Istio's charts]
 *
 * A folder keeps the network out of it: from a repository the provider reads the charts at each preview.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

/** What any pack costs: a process of its own, the SDK, and the compiler that Pulumi loads for it. */
const doesNothing = `process.chdir(__dirname);
const { PolicyPack } = require("@pulumi/policy");
new PolicyPack("nothing", {
  policies: [{ name: "nothing", description: "Does nothing.", enforcementLevel: "advisory", validateStack: () => undefined }],
});
`;

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 7);
  const output = process.argv[3] ?? "bench/results/preview.json";
  const charts = process.argv[4];
  const pulumi = findOnPath("pulumi", (path) => path.endsWith(join("node_modules", ".bin")));
  if (pulumi === undefined) {
    throw new Error("there is no Pulumi CLI on PATH, and nothing else previews; install it");
  }
  const folder = mkdtempSync(join(tmpdir(), "preview-bench-"));
  const empty = join(folder, "empty");
  const env = {
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Whoever runs this has a cluster, or not: it must not matter.
    KUBECONFIG: "/nonexistent",
  };
  const config = join(folder, "Pulumi.bench.yaml");
  const time = async (cwd: string, ...flags: string[]) => {
    const started = performance.now();
    await run(pulumi, ["preview", "--stack", "bench", "--config-file", config, "--non-interactive", ...flags], {
      cwd,
      env,
    });
    return performance.now() - started;
  };
  try {
    mkdirSync(empty);
    symlinkSync(join(projectFolder, "node_modules"), join(empty, "node_modules"));
    copyFileSync(join(projectFolder, "package.json"), join(empty, "package.json"));
    writeFileSync(join(empty, "index.ts"), "export {};\n");
    // A stack belongs to the project of that name, wherever it is made; what it writes down of its secrets comes to lie here.
    for (const project of [readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8"), emptyProject]) {
      writeFileSync(join(empty, "Pulumi.yaml"), project);
      await run(pulumi, ["stack", "init", "bench", "--no-select", "--non-interactive"], { cwd: empty, env });
    }
    const made = readFileSync(join(empty, "Pulumi.bench.yaml"), "utf8");
    writeFileSync(config, made + (charts ? `config:\n  sidecar-mesh:istioCharts: ${charts}\n` : ""));
    const emptyPack = join(empty, "pack");
    mkdirSync(emptyPack);
    writeFileSync(join(emptyPack, "PulumiPolicy.yaml"), "runtime: nodejs\n");
    writeFileSync(join(emptyPack, "package.json"), '{"name":"nothing","version":"1.0.0"}\n');
    writeFileSync(join(emptyPack, "index.js"), doesNothing);
    const ways = {
      "dev, with the policy pack": () => time(projectFolder, "--policy-pack", "policy"),
      "dev, with a pack of one policy that does nothing": () => time(projectFolder, "--policy-pack", emptyPack),
      dev: () => time(projectFolder),
      "an empty program": () => time(empty),
    };
    for (const way of Object.values(ways)) {
      await way();
    }
    const results = await sideBySide(ways, rounds, console.error);
    const overhead = (way: string) => pairedRatio(results[way]!, results["dev"]!);
    const pack = overhead("dev, with the policy pack");
    const bound = overhead("dev, with a pack of one policy that does nothing");
    console.log(table("pulumi preview", results));
    console.log(
      `\nThe policy pack makes the preview of dev ${pack.toFixed(2)} times as long; one that does nothing, ${bound.toFixed(2)} times.`,
    );
    writeResults(output, { rounds, pulumi: (await run(pulumi, ["version"])).trim(), results, pack, bound });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
