import { builtGroup } from "../../toolchain";
import { requirementProblems, thisMachine } from "../../toolchain/requirements";
import type { Problem } from "../../toolchain/requirements";
import type { Kubeconfig } from "../../stacks/kubeconfig";
import { localContexts } from "../../stacks/localClusters";
import type { askServer } from "./askServer";
import { confirm as confirmOnTerminal } from "./createCluster";
import type { Flags } from "../shared/flags";
import { NoClusterError } from "./noCluster";
import type { Target } from "./target";

/** Milliseconds in which another cluster has to answer to be offered. */
const offerMs = 2000;

/** What a first build of the embedded cluster takes, see docs/performance.md. */
const buildTime =
  "the first time takes 10 to 30 minutes and 3 GB: its programs are compiled from package registries, and kept for later starts";

/** A running cluster of this machine that can be had instead of a new one. */
export interface Offer {
  context: string;
  program: string;
}

/** How a cluster is agreed on. */
export interface AgreeOptions {
  /** How an API server is asked whether it answers. */
  ask: typeof askServer;
  log: (line: string) => void;
  /** Asks a person. Default: on the terminal; the answer is no where there is none. */
  confirm?: typeof confirmOnTerminal;
  /** Whether the programs of the embedded cluster are built already. Default: as it is. */
  isBuilt?: boolean;
  /** What keeps this machine from building them. Default: as it is. */
  problems?: () => readonly Problem[];
}

/** Whether a cluster has to be made, or built from package registries, before it can be used. */
function isToBeMade(target: Target, isBuilt: boolean): boolean {
  return (target.kind === "made" && !target.known) || (target.kind === "sandbox" && !isBuilt);
}

/** @returns the error where no question can be asked. */
function notAgreed(target: Target, offers: readonly Offer[]): NoClusterError {
  const what =
    target.kind === "sandbox"
      ? `build a kind cluster (${buildTime}): npm start -- ${target.why === "--sandbox" ? "--sandbox " : ""}--yes`
      : "create a cluster: npm start -- --yes";
  return new NoClusterError(
    [
      `no cluster was agreed on: ${target.why}, and there is no terminal to ask at, or the answer was no`,
      ...offers.map(
        ({ context, program }) => `use the one of ${program}, which runs: npm start -- --context ${context}`,
      ),
      what,
    ].join("\n  "),
  );
}

/**
 * Offers the clusters that run on this machine before one is made, and has the building of one agreed on. What is there
 * already needs no question.
 * @returns the target that was agreed on.
 * @throws NoClusterError if none was.
 */
export async function agreeToMake(
  target: Target,
  kubeconfig: Kubeconfig,
  flags: Pick<Flags, "yes" | "sandbox">,
  options: AgreeOptions,
): Promise<Target> {
  const { ask, log, confirm = confirmOnTerminal, isBuilt = builtGroup("core") !== undefined } = options;
  if (!isToBeMade(target, isBuilt)) {
    return target;
  }
  const offers = flags.sandbox ? [] : await runningClusters(kubeconfig, ask);
  for (const { context, program } of offers) {
    if (flags.yes) {
      log(`a cluster of ${program} runs here, too; to use it: npm start -- --context ${context}`);
    } else if (await confirm(`Use the cluster of ${program} that runs here (context ${context})?`)) {
      return { kind: "context", context, why: `the cluster of ${program} on this machine` };
    }
  }
  if (target.kind !== "sandbox") {
    if (offers.length > 0 && !flags.yes && !process.stdin.isTTY) {
      throw notAgreed(target, offers);
    }
    // The tool's command is shown with the question.
    return target;
  }
  await agreeToBuild(target, offers, flags.yes, { ...options, confirm });
  return target;
}

/** Has the building of the embedded cluster agreed on. @throws NoClusterError if it was not, or none can be built. */
async function agreeToBuild(
  target: Target,
  offers: readonly Offer[],
  yes: boolean,
  {
    log,
    confirm,
    problems: problemsOf = () => requirementProblems(thisMachine()),
  }: AgreeOptions & {
    confirm: typeof confirmOnTerminal;
  },
): Promise<void> {
  const problems = problemsOf();
  if (problems.length > 0) {
    throw new NoClusterError(
      [
        `there is no cluster, and none can be built here: ${target.why}`,
        ...problems.map(({ cause, fix }) => `${cause}: ${fix}`),
        ...offers.map(({ context, program }) => `or use the one of ${program}: npm start -- --context ${context}`),
      ].join("\n  "),
    );
  }
  if (yes) {
    log(`a kind cluster is built: ${buildTime}`);
  } else if (!(await confirm(`Build a kind cluster (${target.why})? ${sentence(buildTime)}`))) {
    throw notAgreed(target, offers);
  }
}

/** @returns the clusters of this machine that answer. */
async function runningClusters(kubeconfig: Kubeconfig, ask: typeof askServer): Promise<Offer[]> {
  const answers = await Promise.all(
    localContexts(kubeconfig).map(async ({ context, program }) => {
      const server = kubeconfig.servers[context];
      return server !== undefined && (await ask(server, offerMs)) === undefined ? [{ context, program }] : [];
    }),
  );
  return answers.flat();
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
