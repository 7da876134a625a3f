/**
 * A second update that has nothing to do, of the sandbox's whole stack, against an empty program's: by the Pulumi CLI, as `npm start`
 * and as `pulumi up` alone, and in-process. In each round one comes after the other. Needs the Pulumi CLI on PATH.
 *
 *   tsx bench/noOp.ts [rounds] [file.json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliEngine } from "../commands/cliEngine";
import { findPulumi, pulumiEnvironment } from "../commands/pulumiCli";
import { projectFolder } from "../commands/stackFiles";
import { embeddedSettings } from "../commands/embeddedConfig";
import { up as sandboxUp } from "../toolchain";
import { run } from "../toolchain/system/run";
import { emptyNames, makeEmptyPrograms } from "./emptyPrograms";
import type { Measured } from "./measure";
import { milliseconds, sideBySide, table, writeResults } from "./measure";
import { npm } from "./traffic";

const stack = "sandbox";

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 5);
  const output = process.argv[3] ?? "bench/results/no-op.json";
  const cli = await findPulumi(console.error);
  if (cli?.source !== "PATH") {
    throw new Error("there is no Pulumi CLI on PATH, and nothing else updates an empty program; install it");
  }
  await sandboxUp({ log: console.error });
  const settings = embeddedSettings();
  const folder = mkdtempSync(join(tmpdir(), "no-op-bench-"));
  try {
    const empty = await makeEmptyPrograms(cli.command, folder);
    const update = (cwd: string, env: NodeJS.ProcessEnv, ...flags: string[]) =>
      run(cli.command, ["up", "--yes", "--skip-preview", "--non-interactive", ...flags], { cwd, env });
    const ofEmpty = (cwd: string) => () => milliseconds(() => update(cwd, empty.env, "--stack", "bench"));
    const reference = {
      [emptyNames.template]: ofEmpty(empty.template),
      [emptyNames.tsx]: ofEmpty(empty.tsx),
    };
    const ownFlags = (engine: string) => ["--sandbox", "--engine", engine];
    const start = (engine: string) => npm("start", "--silent", "--", ...ownFlags(engine));
    const ownEnv = await pulumiEnvironment(cli);
    const { configFile } = await CliEngine.open(cli, { stack, settings });
    const ownUpdate = () => update(projectFolder, ownEnv, "--stack", stack, "--config-file", configFile);
    const ways = {
      "in-process": { "npm start, in-process": () => milliseconds(() => start("in-process")), ...reference },
      cli: {
        "npm start, Pulumi CLI": () => milliseconds(() => start("cli")),
        "pulumi up": () => milliseconds(ownUpdate),
        ...reference,
      },
    };
    const results: Record<string, Record<string, Measured>> = {};
    for (const [engine, those] of Object.entries(ways)) {
      await npm("run", "--silent", "down", "--", "--sandbox");
      await start(engine);
      for (const way of Object.values(those)) {
        await way();
      }
      results[engine] = await sideBySide(those, rounds, console.error);
      console.log(`${table("no-op update", results[engine])}\n`);
      await npm("run", "--silent", "down", "--", ...ownFlags(engine));
    }
    writeResults(output, { rounds, pulumi: cli.version, results });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
