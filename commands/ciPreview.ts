import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../policy/check";
import { describeUndetermined } from "../policy/report";
import type { Settings } from "../policy/settings";
import { tryRun } from "../toolchain/system/run";
import { withCommit } from "./baseCommit";
import { CliEngine } from "./cliEngine";
import { parseCiPreviewFlags } from "./ciPreviewFlags";
import { describeDiff, diffDeclared } from "./declaredDiff";
import { declareInProcess } from "./inProcessEngine";
import { describeFinding, judge } from "./policyCheck";
import { policyConfigHelp, readPolicySettings } from "./policySettings";
import type { StackPreview, StepResult } from "./previewReport";
import { limitsOf, passed, toMarkdown, verdict } from "./previewReport";
import type { PulumiCli } from "./pulumiCli";
import { findPulumi } from "./pulumiCli";
import { runCommand } from "./runCommand";
import { projectFolder, stackFile } from "./stackFiles";

const help = `npm run ci:preview -- [flags]

Checks a change as a pull request does: lint, types, unit tests if asked for, and for each stack a preview with the policies. With
a Pulumi CLI that is pulumi preview; the program is also run in-process, which needs no CLI and no cluster. Changes nothing.

      --stacks NAMES      Stacks, with commas between them (default: dev,prod)
      --tests             Run the unit tests as well
      --previews-only     Leave out lint and types
      --base COMMIT       Tell what changes in the declaration since this commit, for example origin/main
      --context NAME      Let the Pulumi CLI ask this cluster; default: no cluster
      --engine ENGINE     cli: fail without a Pulumi CLI; in-process: use none; auto (default): use one where it can be had
${policyConfigHelp}
      --markdown FILE     Write the result as Markdown; in GitHub Actions it goes to the job's summary, too
      --json              Print the result as one JSON object on the last line
  -h, --help              This text

Exit status: 0 passes, 1 fails, 2 the command line makes no sense.
`;

const nothing: Outcome = { findings: [], undetermined: [] };

async function runStep(script: string, log: (line: string) => void): Promise<StepResult> {
  const command = script === "test" ? "npm test" : `npm run ${script}`;
  const { code, stdout, stderr } = await tryRun("npm", ["run", "--silent", script], { cwd: projectFolder });
  const said = [stdout.trim(), stderr.trim()].filter((text) => text !== "").join("\n");
  log(`${command}: ${code === 0 ? "passes" : `fails\n${said}`}`);
  return { command, passed: code === 0, said };
}

/** What all previews of a run have in common. */
interface PreviewOptions {
  base?: string;
  cli?: PulumiCli;
  context?: string;
  policySettings: Partial<Settings>;
  log: (line: string) => void;
}

async function previewStack(
  stack: string,
  { base, cli, context, policySettings, log }: PreviewOptions,
): Promise<StackPreview> {
  const settings: Record<string, string> = context === undefined ? {} : { kubeContext: context };
  const session = { stack, settings };
  let preview: StackPreview;
  try {
    const declared = await declareInProcess(session);
    const { resources, profile } = declared;
    preview = { stack, resources, outcome: judge(declared, { profile, ...policySettings }) };
    if (base !== undefined) {
      preview = { ...preview, diff: await compareWith(base, session, resources) };
    }
    if (cli) {
      preview = { ...preview, cli: await (await CliEngine.open(cli, session, policySettings)).preview() };
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    preview = { stack, failure, resources: [], outcome: nothing };
  }
  log(`preview of ${stack}: ${verdict(preview)}`);
  if (preview.diff) {
    ("failure" in preview.diff ? [preview.diff.failure] : describeDiff(preview.diff)).forEach((line) =>
      log(`  ${line}`),
    );
  }
  preview.outcome.findings.forEach((finding) => log(`  ${describeFinding(finding)}`));
  preview.outcome.undetermined.forEach((one) => log(`  ${describeUndetermined(one)}`));
  if (preview.failure?.includes("\n")) {
    log(preview.failure);
  }
  if (preview.cli) {
    log(preview.cli.said);
  }
  return preview;
}

/** @returns what differs from the declaration in another folder. A base that is broken is no reason to refuse what mends it. */
async function compareWith(
  folder: string,
  session: Parameters<typeof declareInProcess>[0],
  resources: StackPreview["resources"],
): Promise<StackPreview["diff"]> {
  if (!existsSync(stackFile(session.stack, folder))) {
    return { failure: `the base has no Pulumi.${session.stack}.yaml` };
  }
  try {
    return diffDeclared((await declareInProcess(session, folder)).resources, resources);
  } catch (error) {
    return { failure: `the base can't be compared with: ${error instanceof Error ? error.message : String(error)}` };
  }
}

runCommand(
  help,
  async ({ stacks, tests, previewsOnly, base, context, engine, markdown, policyConfig }, log) => {
    const policySettings = readPolicySettings(policyConfig);
    const cli = engine === "in-process" ? undefined : await findPulumi(log);
    if (engine === "cli" && !cli) {
      throw new Error("--engine cli: there is no Pulumi CLI; install it, or say --engine in-process");
    }
    log(`previews: ${cli ? `Pulumi CLI ${cli.version} (${cli.source})` : "in-process, without the Pulumi CLI"}`);
    if (context === undefined) {
      // Whatever cluster this machine is connected to has no say in what the program declares.
      process.env.KUBECONFIG = join(tmpdir(), "sidecar-mesh-no-kubeconfig");
    }

    const steps: StepResult[] = [];
    for (const script of previewsOnly ? [] : ["lint", "typecheck", ...(tests ? ["test"] : [])]) {
      steps.push(await runStep(script, log));
    }
    const previewAll = async (folder?: string) => {
      const all: StackPreview[] = [];
      for (const stack of stacks) {
        all.push(await previewStack(stack, { base: folder, cli, context, policySettings, log }));
      }
      return all;
    };
    const previews = await (base === undefined ? previewAll() : withCommit(base, previewAll));

    const report = { steps, stacks: previews, base, cliVersion: cli?.version, context };
    log("what this preview can't know:");
    limitsOf(report).forEach((limit) => log(`  - ${limit}`));
    const text = toMarkdown(report);
    if (markdown !== undefined) {
      writeFileSync(markdown, text);
    }
    if (process.env.GITHUB_STEP_SUMMARY) {
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, text);
    }
    if (!passed(report)) {
      throw new Error("the preview fails");
    }
    log("the preview passes");
    return {
      passed: true,
      stacks: Object.fromEntries(previews.map(({ stack, resources }) => [stack, resources.length])),
    };
  },
  parseCiPreviewFlags,
);
