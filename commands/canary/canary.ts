import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { milliseconds } from "../../components/durations";
import type { ServiceConfig } from "../../stacks/servicesConfig";
import { judge, measure, successOf } from "./judge";
import type { Measured, Objective } from "./judge";
import { stepsBeyond, weightsAt, withWeights } from "./weights";
import type { Weights } from "./weights";
import { defineCommand } from "../shared/defineCommand";
import { embeddedStack } from "../session/embeddedConfig";
import { flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { requirePrometheus, withContext } from "../session/meshContext";
import { policyConfigHelp, policyConfigOption, readPolicySettings } from "../shared/policySettings";
import { findPulumi } from "../pulumi/cli";
import { InterruptedError } from "../pulumi/process";
import { PulumiStack } from "../pulumi/stack";
import type { Session } from "../session/session";
import { openSession } from "../session/session";
import { readProject, stackFile } from "../session/stackFiles";
import { readConfiguredStack } from "../session/stackServices";
import { requireService } from "../tap/tap";
import { update } from "../up/up";
import type { Context } from "../verify/check";

const help = `npm run canary -- SERVICE VERSION [flags]

Raises a version's weight in steps, as long as its success rate and latency hold in Prometheus; otherwise rolls back to the earlier
weights, and exits with 1. Each step writes the weights into the stack's file and applies it as npm start does. Nothing else keeps state:
after an interruption the file has the last step, and the same command goes on from there. Give it the -c flags of npm start.

      --steps PERCENTS    Percents of the requests, rising (default: 10,25,50,100)
      --hold TIME         How long each step has to hold, such as 30s or 5m (default: 1m)
      --success PERCENT   Least percent of its requests that get no 5xx (default: 99)
      --latency TIME      Most that 99 % of its requests take (default: 1s)
      --requests N        Fewest requests to judge a step by; it waits for them up to five times --hold (default: 20)
${policyConfigHelp}
${flagsHelp}`;

/** Parses the command line. @throws UsageError as {@link parseFlags} does, and for each value that is out of bounds. */
export function parseCanaryFlags(argv: readonly string[]) {
  const { success, latency, requests, hold, ...flags } = parseFlags(
    argv,
    {
      steps: { type: "string", default: "10,25,50,100" },
      hold: { type: "string", default: "1m" },
      success: { type: "string", default: "99" },
      latency: { type: "string", default: "1s" },
      requests: { type: "string", default: "20" },
      ...policyConfigOption,
    },
    ["service", "version"],
  );
  const objective: Objective = {
    success: Number(success),
    latencyMs: milliseconds(latency) ?? 0,
    requests: Number(requests),
  };
  const holdSeconds = (milliseconds(hold) ?? 0) / 1000;
  if (!(objective.success > 0 && objective.success <= 100)) {
    throw new UsageError(`--success ${success}: use a percent, more than 0 and at most 100`);
  }
  if (objective.latencyMs <= 0) {
    throw new UsageError(`--latency ${latency}: use a duration such as 250ms or 2s`);
  }
  if (!Number.isInteger(objective.requests) || objective.requests < 1) {
    throw new UsageError(`--requests ${requests}: use a whole number, 1 or more`);
  }
  if (holdSeconds < 10 || holdSeconds > 86_400) {
    throw new UsageError(`--hold ${hold}: use a duration from 10s to 24h`);
  }
  stepsBeyond(flags.steps, 0);
  return { ...flags, objective, holdSeconds };
}

/** Flags of `npm run canary`. */
type CanaryFlags = ReturnType<typeof parseCanaryFlags>;

/** @returns the weights of a service. @throws UsageError if it has none, or no such version, or one without a pod. */
export function weightsOf({ serviceName, versions = [] }: ServiceConfig, version: string): Weights {
  const names = versions.map((one) => one.version);
  const own = versions.find((one) => one.version === version);
  if (!own) {
    const known = names.length > 0 ? `it has ${names.join(", ")}` : "it has none; declare versions";
    throw new UsageError(`${version}: ${serviceName} has no such version; ${known}`);
  }
  if (versions.some(({ weight }) => weight === undefined)) {
    throw new UsageError(
      `${serviceName}: its versions have no weights; give ${version} 0, and the others 100 together`,
    );
  }
  if (own.replicas === 0) {
    throw new UsageError(`${version} of ${serviceName} has replicas: 0; give it a pod before it gets requests`);
  }
  return Object.fromEntries(versions.map(({ version: name, weight }) => [name, weight!]));
}

/** A step, and how it went. */
interface Step extends Measured {
  weight: number;
  success: number;
  /** Why it does not hold; undefined if it does. */
  cause?: string;
}

/** Watches a version until a step holds, or does not. */
async function watch(context: Context, weight: number, flags: CanaryFlags, log: (line: string) => void): Promise<Step> {
  const { service, version, objective, holdSeconds } = flags;
  const { scrapeSeconds } = context.declared.metrics;
  const began = Date.now();
  for (;;) {
    await sleep(scrapeSeconds * 1000);
    const seconds = Math.ceil((Date.now() - began) / 1000);
    const measured = await measure(context, service, version, seconds);
    const judged = judge(measured, objective, { seconds, hold: holdSeconds, longest: 5 * holdSeconds });
    const success = successOf(measured);
    const p99 = measured.p99Ms === undefined ? "" : `, p99 ${Math.round(measured.p99Ms)} ms`;
    log(`${version} at ${weight} % for ${seconds} s: ${measured.requests} requests, ${success} % succeeded${p99}`);
    if (judged.verdict !== "wait") {
      return { weight, ...measured, success, ...("cause" in judged && { cause: judged.cause }) };
    }
  }
}

/** Changes the weights in the stack's file, and applies it. */
async function shift(
  session: Session,
  weights: Weights,
  flags: CanaryFlags,
  context: Context,
  log: (line: string) => void,
) {
  const path = stackFile(session.stack);
  const place = {
    file: `Pulumi.${session.stack}.yaml`,
    key: `${readProject().name}:services`,
    service: flags.service,
  };
  writeFileSync(path, withWeights(readFileSync(path, "utf8"), place, weights));
  const policySettings = readPolicySettings(flags["policy-config"]);
  const stack = await PulumiStack.open(await findPulumi(log), session, { policySettings });
  await update(stack, context.cluster.client, session, { refresh: false, expectNoChanges: false }, log);
}

/** Goes through the steps. @returns those that were made; the last one has a cause if it does not hold. */
async function raise(
  session: Session,
  before: Weights,
  flags: CanaryFlags,
  context: Context,
  log: (line: string) => void,
): Promise<Step[]> {
  const made: Step[] = [];
  for (const weight of stepsBeyond(flags.steps, before[flags.version]!)) {
    log(`${flags.version} of ${flags.service}: ${weight} %`);
    let step: Step;
    try {
      await shift(session, weightsAt(before, flags.version, weight), flags, context, log);
      step = await watch(context, weight, flags, log);
    } catch (error) {
      if (error instanceof InterruptedError) {
        throw error;
      }
      const cause = error instanceof Error ? error.message : String(error);
      step = { weight, requests: 0, failed: 0, success: 100, cause };
    }
    made.push(step);
    if (step.cause !== undefined) {
      break;
    }
  }
  return made;
}

/** `npm run canary`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const opened = await openSession(flags, log, { start: false });
    // The embedded stack's own file comes as settings too, and would hide what is written into it.
    const { services: elsewhere, ...settings } = opened.settings;
    const isSet = flags.config.some((setting) => /^([\w-]+:)?services=/.test(setting));
    if (isSet || (elsewhere !== undefined && opened.stack !== embeddedStack)) {
      throw new UsageError(
        `services: a canary changes Pulumi.${opened.stack}.yaml; write services there, and nowhere else`,
      );
    }
    const session = { ...opened, settings };
    const { services } = readConfiguredStack(session).config;
    requireService(
      flags.service,
      services.map(({ serviceName }) => serviceName),
    );
    const before = weightsOf(
      services.find(({ serviceName }) => serviceName === flags.service)!,
      flags.version,
    );
    stepsBeyond(flags.steps, before[flags.version]!);
    return withContext(session, log, async (context) => {
      requirePrometheus(context);
      const steps = await raise(session, before, flags, context, log);
      const { cause } = steps.at(-1)!;
      if (cause !== undefined) {
        log(`${flags.version} of ${flags.service} does not hold: ${cause}; rolling back`);
        await shift(session, before, flags, context, log);
      }
      const weight = cause === undefined ? steps.at(-1)!.weight : before[flags.version]!;
      if (!flags.json) {
        const end = cause === undefined ? "holds" : `was rolled back: ${cause}`;
        console.log(
          `${flags.version} of ${flags.service} ${end}. It has ${weight} % of the requests, as Pulumi.${session.stack}.yaml says.`,
        );
      }
      process.exitCode = cause === undefined ? 0 : 1;
      return { service: flags.service, version: flags.version, weight, steps, rolledBack: cause !== undefined };
    });
  },
  parseCanaryFlags,
);
