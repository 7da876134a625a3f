import { UsageError } from "../shared/flags";
import type { Check, Context, Result } from "./check";

/** Names of what is asked before any check, in this order; each needs the one before. */
export const preliminary = ["cluster", "stack"] as const;

/**
 * @param only Names of checks; what they need is run as well. Empty: all.
 * @param skip Names of checks that are left out, whatever needs them.
 * @returns the checks to run.
 * @throws UsageError naming what is no check.
 */
export function chooseChecks(checks: readonly Check[], only: readonly string[], skip: readonly string[]): Check[] {
  const names = checks.map(({ name }) => name);
  for (const name of [...only, ...skip].filter((one) => !names.includes(one))) {
    throw new UsageError(`there is no check ${name}; there are ${names.join(", ")}`);
  }
  const wanted = new Set<string>();
  const want = (name: string) => {
    if (!wanted.has(name)) {
      wanted.add(name);
      checks.find((check) => check.name === name)?.needs.forEach(want);
    }
  };
  (only.length > 0 ? only : names).forEach(want);
  return checks.filter(({ name }) => wanted.has(name) && !skip.includes(name));
}

/** What a run of checks reports as it goes. */
export interface RunEvents {
  /** A check starts. */
  start?: (name: string) => void;
  /** A check has ended, or does not run. */
  result?: (result: Result) => void;
}

/**
 * Runs checks at once, each as soon as those that it needs have passed. A check whose need failed is not run: what it
 * would find is a consequence, and would name the wrong cause.
 * @param on Called as each check starts, and with each result.
 * @returns the results in the order of `checks`.
 */
export async function runChecks(checks: readonly Check[], context: Context, on: RunEvents = {}): Promise<Result[]> {
  const running = new Map<string, Promise<Result>>();
  for (const check of checks) {
    // Needs stand before what needs them, so that they run already; what was skipped is taken to be well.
    const needs = check.needs.flatMap((name) => running.get(name) ?? []);
    const before = check.last ? Promise.all(running.values()) : Promise.resolve();
    const result = before.then(() => Promise.all(needs)).then((found) => runOne(check, found, context, on));
    running.set(check.name, result);
    void result.then(on.result);
  }
  return Promise.all(running.values());
}

async function runOne(check: Check, needs: readonly Result[], context: Context, on: RunEvents): Promise<Result> {
  const { name, description } = check;
  const started = performance.now();
  const obstacle = needs.find(({ verdict }) => verdict === "fail" || verdict === "blocked");
  if (obstacle) {
    return { name, description, verdict: "blocked", evidence: `not run, because ${rootOf(obstacle)} failed`, ms: 0 };
  }
  const ended = { name, description, ms: 0 };
  on.start?.(name);
  try {
    const outcome = await check.run(context);
    return { ...ended, ...outcome, ms: Math.round(performance.now() - started) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...ended,
      verdict: "fail",
      evidence: message,
      cause: `the check itself could not be made: ${message}`,
      next: `${context.cluster.kubectl} get pods -A`,
      ms: Math.round(performance.now() - started),
    };
  }
}

/** @returns the name of the check that failed, from the result of one that failed or was not run because of it. */
function rootOf({ name, verdict, evidence }: Result): string {
  return verdict === "fail" ? name : (/because (\S+) failed/.exec(evidence)?.[1] ?? name);
}
