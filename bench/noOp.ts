/**
 * A second update that has nothing to do, of the sandbox's whole stack: `npm start`, `pulumi up` with the policy pack
 * and without, each with its preview, and `pulumi up` of an empty program. In each round one comes after the other.
 *
 *   tsx bench/noOp.ts [rounds] [file.json]
 */
import { withTemporaryFolder } from "../commands/shared/temporaryFolder";
import { packArgs } from "../commands/pulumi/args";
import { findPulumi } from "../commands/pulumi/cli";
import { homeOf, pulumiEnvironment } from "../commands/pulumi/environment";
import { PulumiStack } from "../commands/pulumi/stack";
import { projectFolder } from "../commands/session/stackFiles";
import { embeddedSettings } from "../commands/session/embeddedConfig";
import { up as sandboxUp } from "../toolchain";
import { run } from "../toolchain/system/run";
import { emptyNames, makeEmptyPrograms } from "./programFolder";
import { milliseconds, sideBySide, table, writeResults } from "./measure";
import { npm } from "./traffic";

const stack = "sandbox";

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 5);
  const output = process.argv[3] ?? "bench/results/no-op.json";
  const cli = await findPulumi(console.error);
  await sandboxUp({ log: console.error });
  const settings = embeddedSettings();
  await withTemporaryFolder(async (folder) => {
    const home = homeOf(cli, process.env);
    const empty = await makeEmptyPrograms(cli.command, folder, home);
    const update = (cwd: string, env: NodeJS.ProcessEnv, ...flags: string[]) =>
      milliseconds(() => run(cli.command, ["up", "--yes", "--non-interactive", ...flags], { cwd, env }));
    const start = () => npm("start", "--silent", "--", "--sandbox");
    await start();
    const env = await pulumiEnvironment(cli);
    const { configFile } = await PulumiStack.open(cli, { stack, settings });
    const ownUpdate = (...flags: string[]) =>
      update(projectFolder, env, "--stack", stack, "--config-file", configFile, ...flags);
    const ways = {
      "npm start": () => milliseconds(start),
      "pulumi up, with the policy pack": () => ownUpdate(...packArgs()),
      [emptyNames.template]: () => update(empty.template, empty.env, "--stack", "bench"),
      [emptyNames.tsx]: () => update(empty.tsx, empty.env, "--stack", "bench"),
      "pulumi up": () => ownUpdate(),
    };
    for (const way of Object.values(ways)) {
      await way();
    }
    const results = await sideBySide(ways, rounds, console.error);
    console.log(`${table("no-op update", results)}\n`);
    await npm("run", "--silent", "down", "--", "--sandbox");
    writeResults(output, { rounds, pulumi: cli.version, results });
  });
}

void main();
