import { appendFileSync, existsSync, writeFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../policy/settings";
import { tryRun, run } from "../../toolchain/system/run";
import { parseDeclared } from "../../stacks/declaredText";
import { kubeconfigPaths } from "../../stacks/kubeconfig";
import { chartSettings } from "../images/charts";
import { connect } from "../session/connect";
import { edgeAdvice } from "../edges/edgeAdvice";
import { checkContext } from "../session/checkCluster";
import { changesOf, describeChanges } from "./changes";
import { policyConfigHelp, policyConfigOption, readPolicySettings } from "../shared/policySettings";
import { type StackPreview, type StepResult, limitsOf, passed, toMarkdown, verdict } from "./previewReport";
import { type PulumiCli, findPulumi } from "../pulumi/cli";
import { withEmptyStack } from "../pulumi/emptyStack";
import { stateAsApplied } from "../pulumi/appliedState";
import { declaredResources } from "../pulumi/events";
import { sourcePlaces } from "../pulumi/sourcePlaces";
import { defineCommand } from "../shared/defineCommand";
import { splitSetting } from "../session/session";
import { projectFolder, stackFile } from "../session/stackFiles";
import type { Flags } from "../shared/flags";
import { checkFolderOf, checkSettings, parseStrictly, UsageError } from "../shared/flags";
import { withTemporaryFolder } from "../shared/temporaryFolder";

/**
 * Checks out another commit of the project beside this one, with the packages of this one, for as long as `use` runs.
 * @throws UsageError if git knows no such commit.
 */
async function withCommit<T>(commit: string, use: (folder: string) => Promise<T>): Promise<T> {
  const git = (...args: string[]) => run("git", args, { cwd: projectFolder });
  await git("rev-parse", "--verify", "--quiet", `${commit}^{commit}`).catch(() => {
    throw new UsageError(`--base ${commit}: git knows no such commit here; fetch it`);
  });
  return withTemporaryFolder(async (parent) => {
    const folder = join(parent, "project");
    await git("worktree", "add", "--detach", folder, commit);
    symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    return use(folder);
  }).finally(() => git("worktree", "prune").catch(() => undefined));
}

const help = `npm run ci:preview -- [flags]

Runs the checks of a pull request: lint, types, unit tests if asked for, and for each stack pulumi preview with the policy pack.
Without --base it compares with an empty state, without --context it asks no cluster. Changes nothing.

      --stacks NAMES      Stacks, with commas between them (default: dev,prod)
      --tests             Run the unit tests as well
      --previews-only     Leave out lint and types
      --base COMMIT       Show what changes in the declaration since this commit, for example origin/main
      --context NAME      Dry runs on this cluster, and which edges of the last hour the change refuses (default: no cluster)
  -c, --config KEY=VALUE  Set a config key for this run; may be repeated
${policyConfigHelp}
      --markdown FILE     Write the result as Markdown; in GitHub Actions it goes to the job's summary, too
      --json              Print the result as one JSON object on the last line
  -h, --help              This text
`;

/** Flags of `npm run ci:preview`. */
export interface CiPreviewFlags extends Pick<Flags, "context" | "config" | "json" | "help"> {
  stacks: string[];
  tests: boolean;
  /** Leave out everything but the previews. */
  previewsOnly: boolean;
  /** Commit to compare with. */
  base?: string;
  /** File that the report goes to. */
  markdown?: string;
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/**
 * Parses the command line.
 * @throws UsageError naming the flag that is unknown, lacks its value, or names a stack that there is not.
 */
export function parseCiPreviewFlags(argv: readonly string[]): CiPreviewFlags {
  const { values } = parseStrictly(argv, {
    ...policyConfigOption,
    stacks: { type: "string", default: "dev,prod" },
    tests: { type: "boolean", default: false },
    "previews-only": { type: "boolean", default: false },
    base: { type: "string" },
    context: { type: "string" },
    config: { type: "string", short: "c", multiple: true, default: [] },
    markdown: { type: "string" },
  });
  checkSettings(values.config);
  checkFolderOf("markdown", values.markdown);
  const stacks = values.stacks.split(",").map((stack) => stack.trim());
  for (const stack of stacks) {
    if (stack === "" || !existsSync(stackFile(stack))) {
      throw new UsageError(`--stacks ${values.stacks}: there is no Pulumi.${stack}.yaml`);
    }
  }
  const { "previews-only": previewsOnly, "policy-config": policyConfig, ...rest } = values;
  if (previewsOnly && values.tests) {
    throw new UsageError("--previews-only leaves out the tests that --tests asks for; use one of them");
  }
  return { ...rest, previewsOnly, policyConfig, stacks };
}

/** @returns how a step ended, with what it said where it failed or ESLint has problems that fail nothing: warnings. */
export function stepText({ command, passed: ok, said }: StepResult): string {
  const isShown = !ok || /^✖ \d+ problem/m.test(said);
  return `${command}: ${ok ? "passes" : "fails"}${isShown ? `\n${said}` : ""}`;
}

async function runStep(script: string, log: (line: string) => void): Promise<StepResult> {
  const command = script === "test" ? "npm test" : `npm run ${script}`;
  const { code, stdout, stderr } = await tryRun("npm", ["run", "--silent", script], { cwd: projectFolder });
  const said = [stdout.trim(), stderr.trim()].filter((text) => text !== "").join("\n");
  const result = { command, passed: code === 0, said };
  log(stepText(result));
  return result;
}

/** What all previews of a run have in common. */
interface PreviewOptions {
  cli: PulumiCli;
  /** Folder of another commit, which the declaration is compared with. */
  base?: string;
  context?: string;
  /** Config of this run. */
  settings: Record<string, string>;
  policySettings: Partial<Settings>;
  log: (line: string) => void;
}

async function previewStack(stack: string, options: PreviewOptions): Promise<StackPreview> {
  const { cli, base, context, policySettings, log } = options;
  const cluster: Record<string, string> = context === undefined ? {} : { kubeContext: context };
  const settings = { ...cluster, ...options.settings };
  const session = { stack, settings: { ...(await chartSettings(stack, settings, log)), ...settings } };
  const asked = { policySettings, cluster: context !== undefined };
  const {
    passed: ok,
    said,
    report,
  } = await withEmptyStack(cli, session, asked, (empty) => empty.tryPreview(empty.packFlags));
  const resources = declaredResources(report);
  const preview: StackPreview = {
    ...{ stack, passed: ok, said, resources, violations: report.violations },
    ...(base !== undefined && (await compareWith(base, session, options))),
    ...(context !== undefined && {
      brokenEdges: await edgeAdvice({ next: parseDeclared(report.outputs.declared) }, connect({ context })),
    }),
  };
  log(`preview of ${stack}: ${verdict(preview)}`);
  if (preview.changes) {
    ("failure" in preview.changes ? [preview.changes.failure] : describeChanges(preview.changes)).forEach((line) =>
      log(`  ${line}`),
    );
  }
  preview.brokenEdges?.forEach((line) => log(`  advice: ${line}`));
  log(said);
  return preview;
}

/**
 * Previews the program against a state as it would be after an update to what another folder declares. No cluster is
 * asked: what it has is of neither.
 * @returns what changes. A base that is broken is no reason to refuse what mends it.
 */
async function compareWith(
  folder: string,
  session: { stack: string; settings: Record<string, string> },
  { cli }: PreviewOptions,
): Promise<Pick<StackPreview, "changes" | "places">> {
  if (!existsSync(stackFile(session.stack, folder))) {
    return { changes: { failure: `the base has no Pulumi.${session.stack}.yaml` } };
  }
  const base = await withEmptyStack(cli, session, { folder }, (empty) => empty.tryPreview([]));
  if (!base.passed) {
    return { changes: { failure: `the base can't be compared with, for its preview fails:\n${base.said}` } };
  }
  const {
    passed: ok,
    report,
    said,
    stdout,
  } = await withEmptyStack(cli, session, {}, async (empty) => {
    const { deployment, ...rest } = await empty.export();
    await empty.import({ ...rest, deployment: { ...deployment, resources: stateAsApplied(base.report.steps) } });
    return empty.tryPreview(["--json"]);
  });
  return ok
    ? { changes: changesOf(report.steps), places: sourcePlaces(stdout) }
    : { changes: { failure: `the program can't be compared with the base, for its preview fails:\n${said}` } };
}

/** `npm run ci:preview`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ stacks, tests, previewsOnly, base, context, config, markdown, policyConfig }, log) => {
    const policySettings = readPolicySettings(policyConfig);
    if (context !== undefined) {
      await checkContext({ context, by: "--context", paths: kubeconfigPaths() });
    }
    const cli = await findPulumi(log);
    log(`previews: Pulumi ${cli.version} (${cli.source})`);
    const steps: StepResult[] = [];
    for (const script of previewsOnly ? [] : ["lint", "typecheck", ...(tests ? ["test"] : [])]) {
      steps.push(await runStep(script, log));
    }
    const settings = Object.fromEntries(config.map(splitSetting));
    const previewAll = async (folder?: string) => {
      const all: StackPreview[] = [];
      for (const stack of stacks) {
        all.push(await previewStack(stack, { cli, base: folder, context, settings, policySettings, log }));
      }
      return all;
    };
    const previews = await (base === undefined ? previewAll() : withCommit(base, previewAll));

    const report = { steps, stacks: previews, base, cliVersion: cli.version, context };
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
