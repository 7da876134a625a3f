/**
 * Start-up: a warm `pulumi preview` of the dev stack, with and without the policy pack, against an empty program as
 * Pulumi's templates have it, in each round one after the other. Needs no cluster.
 *
 *   tsx bench/preview.ts [rounds] [file.json] [folder of Istio's charts] [another checkout of this project]
 *
 * A folder of charts keeps the network out of it: from a repository the provider reads them at each preview. Another
 * checkout, with its packages installed, is previewed as well, for what a change brings.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withTemporaryFolder } from "../commands/shared/temporaryFolder";
import { findPulumi } from "../commands/pulumi/cli";
import { homeOf } from "../commands/pulumi/environment";
import { projectFolder } from "../commands/session/stackFiles";
import { run } from "../toolchain/system/run";
import { emptyNames, makeEmptyPrograms } from "./programFolder";
import { milliseconds, pairedRatio, sideBySide, table, writeResults } from "./measure";

const flatProject = "name: empty\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n";

/**
 * What a preview of the same resources costs without any of our code: a loop over the steps of `pulumi preview --json`
 * of ours, each with the inputs, the parent and the dependencies that it has there.
 */
const flatProgram = `const pulumi = require("@pulumi/pulumi");
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const made = {};
let provider;
const known = (value) =>
  value === unknown ? provider.id
  : Array.isArray(value) ? value.map(known)
  : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, known(inner)]))
  : value;
for (const { urn, newState } of require("./declared.json").steps) {
  const { type, custom, inputs = {}, dependencies = [] } = newState;
  if (type === "pulumi:pulumi:Stack") continue;
  const name = urn.split("::").at(-1);
  const options = { parent: made[newState.parent], dependsOn: dependencies.map((one) => made[one]).filter(Boolean) };
  const ofPackage = (name) => ({ ...options, version: require("@pulumi/" + name + "/package.json").version });
  if (!custom) {
    made[urn] = new pulumi.ComponentResource(type, name, {}, options);
  } else if (type === "pulumi:providers:kubernetes") {
    made[urn] = provider = new pulumi.ProviderResource("kubernetes", name, inputs, ofPackage("kubernetes"));
  } else {
    const own = type.startsWith("kubernetes:") ? { provider } : {};
    made[urn] = new pulumi.CustomResource(type, name, known(inputs), { ...ofPackage(type.split(":")[0]), ...own });
  }
}
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
  const other = process.argv[5] && resolve(process.argv[5]);
  const cli = await findPulumi(console.error);
  const pulumi = cli.command;
  await withTemporaryFolder(async (folder) => {
    const flat = join(folder, "flat");
    const empty = await makeEmptyPrograms(pulumi, folder, homeOf(cli, process.env));
    const config = join(folder, "Pulumi.bench.yaml");
    const preview = (cwd: string, ...flags: string[]) =>
      run(pulumi, ["preview", "--stack", "bench", "--config-file", config, "--non-interactive", ...flags], {
        cwd,
        env: empty.env,
      });
    const time = (cwd: string, ...flags: string[]) => milliseconds(() => preview(cwd, ...flags));
    mkdirSync(flat);
    symlinkSync(join(projectFolder, "node_modules"), join(flat, "node_modules"));
    writeFileSync(join(flat, "Pulumi.yaml"), flatProject);
    writeFileSync(join(flat, "package.json"), "{}");
    writeFileSync(join(flat, "index.js"), flatProgram);
    const made = readFileSync(empty.ownStackFile, "utf8");
    writeFileSync(config, made + (charts ? `config:\n  sidecar-mesh:istioCharts: ${charts}\n` : ""));
    const emptyPack = join(empty.tsx, "pack");
    mkdirSync(emptyPack);
    writeFileSync(join(emptyPack, "PulumiPolicy.yaml"), "runtime: nodejs\n");
    writeFileSync(join(emptyPack, "package.json"), '{"name":"nothing","version":"1.0.0"}\n');
    writeFileSync(join(emptyPack, "index.js"), doesNothing);
    const declared = await preview(projectFolder, "--json");
    writeFileSync(join(flat, "declared.json"), declared);
    const ways = {
      ...(other && {
        [`dev of ${other}, with its policy pack`]: () => time(other, "--policy-pack", join(other, "policy")),
        [`dev of ${other}`]: () => time(other),
      }),
      "dev, with the policy pack": () => time(projectFolder, "--policy-pack", "policy"),
      "dev, with a pack of one policy that does nothing": () => time(projectFolder, "--policy-pack", emptyPack),
      dev: () => time(projectFolder),
      "the same resources from a list": () => time(flat),
      [emptyNames.tsx]: () => time(empty.tsx),
      [emptyNames.template]: () => time(empty.template),
    };
    for (const way of Object.values(ways)) {
      await way();
    }
    const results = await sideBySide(ways, rounds, console.error);
    const overhead = (way: string) => pairedRatio(results[way]!, results["dev"]!);
    const pack = overhead("dev, with the policy pack");
    const emptyPackWay = "dev, with a pack of one policy that does nothing";
    const bound = overhead(emptyPackWay);
    const byPack = pairedRatio(results["dev, with the policy pack"]!, results[emptyPackWay]!);
    console.log(table("pulumi preview", results));
    console.log(
      `\nThe policy pack makes the preview of dev ${pack.toFixed(2)} times as long; one that does nothing, ${bound.toFixed(2)} times; ours to that one: ${byPack.toFixed(2)}.`,
    );
    writeResults(output, { rounds, pulumi: (await run(pulumi, ["version"])).trim(), results, pack, bound, byPack });
  });
}

void main();
