import { writeFileSync } from "node:fs";
import { kubectlCommand } from "../../stacks/kubectl";
import { addObservability } from "../../toolchain";
import { connect } from "../session/connect";
import { flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { defineCommand } from "../shared/defineCommand";
import { openSession } from "../session/session";
import { readOutputs } from "../session/stackOutputs";
import { bench, benchText, defaultRps, maxRps } from "./bench";
import { checks } from "./checks";
import { Cluster } from "./cluster";
import { conclusion, junit } from "./report";
import { progressOf } from "./progress";
import { chooseChecks } from "./run";
import { verify } from "./verifyMesh";

/** @returns names as text, a few on each line. */
function wrapped(names: readonly string[], perLine = 12): string {
  const lines = Array.from({ length: Math.ceil(names.length / perLine) }, (_, i) =>
    names.slice(i * perLine, (i + 1) * perLine).join(", "),
  );
  return lines.join(",\n");
}

const help = `npm run verify -- [flags]

Checks whether a running stack works: sends requests, and follows them through gateway, sidecars, metrics, traces and logs.
Each check that fails names its likely cause and the command to look further.

      --only NAME         Only this check and what it needs; may be repeated
      --skip NAME         Leave this check out; may be repeated
      --junit FILE        Write the results as JUnit XML, too
      --deep              Exercise retries, timeouts, limits and circuit breakers with requests that fail; adds an EnvoyFilter for it
      --bench             Measure what the mesh adds to latency, and what sidecars use; adds a namespace for it
      --bench-rps N       At N requests per second. Default ${defaultRps}, at most ${maxRps}

Checks: ${wrapped(checks.map(({ name }) => name))}
${flagsHelp}`;

const options = {
  only: { type: "string", multiple: true, default: [] as string[] },
  skip: { type: "string", multiple: true, default: [] as string[] },
  junit: { type: "string" },
  deep: { type: "boolean", default: false },
  bench: { type: "boolean", default: false },
  "bench-rps": { type: "string", default: String(defaultRps) },
} as const;

/** `npm run verify`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const chosen = chooseChecks(checks, flags.only, flags.skip);
    const rps = Number(flags["bench-rps"]);
    if (!Number.isInteger(rps) || rps < 1 || rps > maxRps) {
      throw new UsageError(`--bench-rps ${flags["bench-rps"]}: use a whole number from 1 to ${maxRps}`);
    }
    const session = await openSession(flags, log, { start: false });
    const client = connect(session);
    const kubectl = kubectlCommand(session);
    const report = await verify({
      client,
      kubectl,
      checks: chosen,
      deep: flags.deep,
      outputs: () => readOutputs(session, log),
      on: progressOf((line) => (flags.json ? log : console.log)(line)),
    });
    if (flags.junit !== undefined) {
      writeFileSync(flags.junit, junit(report));
    }
    (flags.json ? log : console.log)(conclusion(report));
    process.exitCode = report.ok ? 0 : 1;
    if (!flags.bench) {
      return report;
    }
    if (session.embedded) {
      // A stack without a load generator has no need of fortio.
      await addObservability(["fortio"], { log });
    }
    const { declared } = await readOutputs(session, () => undefined);
    const measured = await bench(new Cluster(client, kubectl), declared, rps, log);
    (flags.json ? log : console.log)(`\n${benchText(measured)}`);
    return { ...report, bench: measured };
  },
  (argv: readonly string[]) => parseFlags(argv, options),
);
