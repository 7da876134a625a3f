import type { KubeClient } from "../../cluster/kubeClient";
import { parseDeclared } from "../../stacks/declaredText";
import { forecastSeconds, showProgress } from "../../toolchain";
import { connect } from "../session/connect";
import { edgeAdvice } from "../edges/edgeAdvice";
import { settingsWithout, trafficText } from "./firstUpdate";
import type { Flags } from "../shared/flags";
import { flagsHelp, parseFlags } from "../shared/flags";
import { refuseForeign } from "./foreignObjects";
import { nextSteps } from "./nextSteps";
import { nodeAdvice } from "./nodeVersion";
import { policyConfigHelp, policyConfigOption, readPolicySettings } from "../shared/policySettings";
import { findPulumi } from "../pulumi/cli";
import { changesNothing } from "../pulumi/events";
import { PulumiStack } from "../pulumi/stack";
import { pastUnreachableWebhooks } from "../pulumi/webhooks";
import { changing } from "../recovery/changing";
import { defineCommand } from "../shared/defineCommand";
import type { LaterPrograms, Session } from "../session/session";
import { openSession } from "../session/session";
import { checkCluster, rememberCluster } from "../session/stackCluster";

const help = `npm start -- [flags]

Brings up the mesh: chooses a cluster, starts it if need be, and runs pulumi up with the policy pack. Run it again after a
change, or after an interruption: it goes on from where things are. Nothing is changed if a policy forbids it, if the cluster is not
the stack's, or if the cluster has an object that the stack would make and did not make.

The cluster, in order: --sandbox, --context, or kubeContext in the stack's config; the current context if its cluster runs on this
machine (kind, minikube, Docker Desktop, Rancher Desktop, OrbStack, Colima, k3d, MicroK8s); the kind or minikube cluster that an earlier
npm start created; another cluster of this machine that runs, if you agree; a new kind or minikube cluster, after a question; the
embedded cluster: kind, built from package registries, after a question.

  -y, --yes               Do not ask before a cluster is created or built
      --refresh           Compare with the cluster first, and put back what was changed by hand
      --expect-no-changes
                          Fail if the update changes anything; it is applied all the same
      --quiet             Show the progress of a first build as a line a minute, on a terminal too
${policyConfigHelp}
${flagsHelp}`;

/** Flags of `npm start`. */
export interface UpFlags extends Flags {
  /** Fail if the update changes anything. */
  expectNoChanges: boolean;
  /** Compare with the cluster first, and not only with what Pulumi's state has of it. */
  refresh: boolean;
  /** Say how far builds are in a line a minute, on a terminal too. */
  quiet: boolean;
  /** File with the settings of the policies. */
  policyConfig?: string;
}

/** Parses the command line. @throws UsageError as {@link parseFlags} does. */
export function parseUpFlags(argv: readonly string[]): UpFlags {
  const {
    "expect-no-changes": expectNoChanges,
    "policy-config": policyConfig,
    ...flags
  } = parseFlags(argv, {
    ...policyConfigOption,
    "expect-no-changes": { type: "boolean", default: false },
    refresh: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  });
  return { ...flags, expectNoChanges, ...(policyConfig !== undefined && { policyConfig }) };
}

async function up(flags: UpFlags, plainLog: (line: string) => void): Promise<object> {
  const log = showProgress(plainLog, flags);
  const policySettings = readPolicySettings(flags.policyConfig);
  const advice = nodeAdvice(process.versions.node);
  if (advice !== undefined) {
    log(advice);
  }
  const session = await openSession(flags, log, { start: true });
  const cli = await unlessFails(session.ready, findPulumi(log));
  log(`engine: Pulumi ${cli.version} (${cli.source})`);
  const open = (more: Record<string, string> = {}) =>
    PulumiStack.open(cli, { ...session, settings: { ...session.settings, ...more } }, { policySettings });
  const { later } = session;
  if (later) {
    await session.ready;
    await bringTraffic(later, open, (stack) => update(stack, connect(session), session, flags, log), log);
    await later.make();
  }
  const stack = await open();
  await session.ready;
  const outputs = await update(stack, connect(session), session, flags, log);
  if (!flags.json) {
    console.log(nextSteps(outputs, flags).join("\n"));
  }
  return outputs;
}

/** @returns what `work` gives, and does not wait for it once something else that is needed has failed. */
function unlessFails<T>(needed: Promise<unknown>, work: Promise<T>): Promise<T> {
  return Promise.race([work, needed.then(() => work)]);
}

/**
 * Applies a stack without the programs that are still to be built, so that traffic passes while they are. Only one that
 * nothing was applied of: one that runs, or was interrupted, is not taken anything away from.
 */
async function bringTraffic(
  { programs, config }: LaterPrograms,
  open: (more: Record<string, string>) => Promise<PulumiStack>,
  apply: (stack: PulumiStack) => Promise<Record<string, unknown>>,
  log: (line: string) => void,
): Promise<void> {
  const stack = await open(settingsWithout(programs));
  const { deployment } = await stack.export();
  if ((deployment?.resources ?? []).length === 0) {
    const { gatewayUrl } = await apply(stack);
    const url = typeof gatewayUrl === "string" ? gatewayUrl : undefined;
    log(trafficText(config, url, programs, forecastSeconds(programs)));
  }
}

/**
 * Previews and applies a stack as `npm start` does, with all that it refuses and mends.
 * @returns the stack's outputs.
 */
export async function update(
  stack: PulumiStack,
  client: KubeClient,
  session: Session,
  { refresh: asked, expectNoChanges }: Pick<UpFlags, "refresh" | "expectNoChanges">,
  log: (line: string) => void,
): Promise<Record<string, unknown>> {
  const { cluster, match } = await checkCluster(stack, client, session);
  return changing(stack, client, match, log, async ({ mended, env, begin }) => {
    const refresh = mended || asked;
    // A preview asks the webhooks, too: the API server judges each object in a dry run.
    const preview = await pastUnreachableWebhooks(() => stack.preview({ refresh }), log);
    await refuseForeign(client, preview, stack);
    const now = parseDeclared(preview.outputsBefore.declared);
    const advice = now ? await edgeAdvice({ now, next: parseDeclared(preview.outputs.declared) }, client) : [];
    advice.forEach((line) => log(`advice: ${line}`));
    if (changesNothing(preview) && !refresh) {
      log("nothing to change: the preview found every resource as declared");
      return preview.outputs;
    }
    begin();
    if (match !== "same") {
      await rememberCluster(stack, cluster);
    }
    const { outputs } = await pastUnreachableWebhooks(() => stack.up({ refresh, expectNoChanges }, env), log);
    return outputs;
  });
}

/** `npm start`. */
export const command = defineCommand(__filename, help, up, parseUpFlags);
