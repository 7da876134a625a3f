import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { HelmRecords } from "../../cluster/helmRecords";
import type { KubeClient, ObjectRef } from "../../cluster/kubeClient";
import { titleOf } from "../../cluster/title";
import { endAll, processesWith, programOf } from "../../toolchain/system/proc";
import type { BackendLock } from "./backendLock";
import { judgeLock, readLocks } from "./backendLock";
import type { StateResource } from "../pulumi/events";
import type { PulumiStack } from "../pulumi/stack";
import type { Leftovers, Span } from "./leftovers";
import { changedAnything, isHalfMade, isWithin, leftoversOf, mendedState, spanOf } from "./leftovers";
import type { RunRecord, RunRecords } from "./runRecord";
import { isRunning } from "./runRecord";

/**
 * Environment variable that marks the processes of a run, so that the next run knows them: the path of the run's
 * record.
 */
export const runVariable = "SIDECAR_MESH_RUN";

/** Milliseconds between two looks. */
const pollMs = 250;
/** How long an earlier run that is still at work is waited for. Helm alone may take ten minutes. */
const busyMs = 15 * 60_000;
/** How long an object may take to go. */
const goingMs = 300_000;
/** How long the providers of a run whose CLI is dead have to end, once asked to. */
const endingMs = 3000;

/** A stack that the Pulumi CLI changes, and where. */
export interface RecoveryContext {
  project: string;
  stack: Pick<PulumiStack, "name" | "cancel" | "export" | "import" | "tryPreview">;
  /** Folder of the state if it is our own; undefined if it is somewhere that others may use, too. */
  ownBackend?: string;
  /** Which backend, and which cluster. */
  place: Pick<RunRecord, "backend" | "cluster">;
  records: RunRecords;
  client: KubeClient;
  /** Whether the cluster was made anew, under the name of one that is gone with all that the stack had there. */
  clusterIsNew: boolean;
  log: (line: string) => void;
}

/**
 * Mends what an earlier run left that was killed, or failed, so that the next one can go on. A run that ended well left
 * no record, and nothing is looked at.
 *
 * The CLI leaves a lock and pending operations; it does not know whether these completed. Helm leaves a release in a
 * pending state. Both expect the user to decide. The run's record has what is needed to decide here.
 * @returns whether the state may differ from the cluster, so that the next command has to refresh it.
 * @throws Error if another process changes the stack, naming the process and the fix.
 */
export async function recover(context: RecoveryContext): Promise<boolean> {
  const { records, place, log } = context;
  const locks = await untilNoRunIsActive(context);
  if (locks[0] && records.read() === undefined) {
    // Not a run of ours, but on our own backend.
    records.write({ startedAt: locks[0].timestamp, ...place });
  }
  if (locks[0]) {
    const { pid, username, timestamp } = locks[0];
    await context.stack.cancel();
    log(`the run of ${timestamp} (process ${pid} of ${username}) was cut short; its lock on the stack is taken away`);
  }
  if (context.clusterIsNew) {
    await emptyState(context);
    return false;
  }
  const record = records.read();
  if (record?.backend !== place.backend || record.cluster !== place.cluster) {
    return false;
  }
  const state = await context.stack.export();
  if (!changedAnything(state, record)) {
    return false;
  }
  log(`the run of ${record.startedAt} did not end well: looking at what it left half done`);
  const leftovers = leftoversOf(state, await missingResources(context));
  await removeHalfMade(context, leftovers, spanOf(state, record));
  const toUpdate = [...leftovers.halfUpdated, ...(await mendReleases(context, leftovers))];
  await untilGone(context, leftovers.known.objects, ({ metadata }) => metadata?.deletionTimestamp !== undefined);
  if ((state.deployment?.pending_operations ?? []).length > 0 || toUpdate.length > 0) {
    await context.stack.import(mendedState(state, toUpdate));
  }
  return true;
}

/** Empties the state: the resources in it are gone. */
async function emptyState({ stack, records, log }: RecoveryContext): Promise<void> {
  log(`the cluster was recreated: the state of stack ${stack.name} holds resources of the old one and is emptied`);
  const { version, deployment } = await stack.export();
  if (deployment !== null) {
    const { resources: _, pending_operations: __, ...rest } = deployment;
    await stack.import({ version, deployment: rest });
  }
  records.end();
}

/**
 * Waits for an earlier run that goes on, and ends the processes of a dead one.
 * @returns the locks without a process.
 */
async function untilNoRunIsActive(context: RecoveryContext): Promise<BackendLock[]> {
  const { records, log } = context;
  let logged = false;
  for (const end = Date.now() + busyMs; ; await sleep(pollMs)) {
    const locks = locksOf(context);
    const busy = whoIsAtWork(context, locks);
    if (busy === undefined) {
      await endAll(processesWith(runVariable, records.file) ?? [], endingMs);
      return locks;
    }
    if (Date.now() > end) {
      const { program, pid } = busy;
      throw new Error(
        `stack ${context.stack.name}: ${program} (process ${pid}) is still at work on it; wait for it, or end it: kill ${pid}`,
      );
    }
    if (!logged) {
      log(
        `an earlier run is still at work on the stack (${busy.program}, process ${busy.pid}): waiting until it is done`,
      );
      logged = true;
    }
  }
}

function locksOf({ ownBackend, project, stack, place }: RecoveryContext): BackendLock[] {
  const locks = ownBackend === undefined ? [] : readLocks(ownBackend, project, stack.name);
  const elsewhere = locks.find((lock) => judge(lock) === "held elsewhere");
  if (elsewhere) {
    const { file, username, hostname: host, pid, timestamp } = elsewhere;
    throw new Error(
      `stack ${stack.name} is locked by ${username}@${host} (process ${pid}) since ${timestamp}: ${file}\n` +
        `wait until that is done; if nothing runs there: PULUMI_BACKEND_URL=${place.backend} pulumi cancel --yes --stack ${stack.name}`,
    );
  }
  return locks;
}

function judge(lock: BackendLock) {
  return judgeLock(lock, hostname(), programOf);
}

/** A process that changes a stack. */
interface Worker {
  program: "npm" | "pulumi";
  pid: number;
}

/** @returns who changes the stack at this moment. */
function whoIsAtWork({ records }: RecoveryContext, locks: readonly BackendLock[]): Worker | undefined {
  const record = records.read();
  if (record?.process && isRunning(record)) {
    return { program: "npm", pid: record.process.pid };
  }
  const marked = (processesWith(runVariable, records.file) ?? []).map(({ pid }) => pid);
  const held = locks.filter((lock) => judge(lock) === "held").map(({ pid }) => pid);
  const pid = [...held, ...marked.filter((pid) => programOf(pid) === "pulumi")][0];
  return pid === undefined ? undefined : { program: "pulumi", pid };
}

/** @returns what the program declares and the state has not; nothing if that is unknown. */
async function missingResources({ stack, log }: RecoveryContext): Promise<StateResource[]> {
  const { report, passed, said } = await stack.tryPreview([]);
  if (!passed) {
    log(`the resources of the program are unknown, because its preview failed: ${said.split("\n").at(-1)}`);
  }
  return report.steps.flatMap(({ op, new: state }) => (op.startsWith("create") && state ? [state] : []));
}

/** Removes what was made but never came into the state. The next run makes it anew. */
async function removeHalfMade({ client, log }: RecoveryContext, { unknown }: Leftovers, span: Span): Promise<void> {
  const helm = new HelmRecords(client);
  for (const { name, namespace } of unknown.releases) {
    const first = (await helm.of(name, namespace))[0];
    if (first && isWithin(first.createdAt, span)) {
      log(`release ${namespace}/${name} was half made; it is removed, to be made anew`);
      await helm.remove(name, namespace);
    }
  }
  const looked = await Promise.all(unknown.objects.map(async (ref) => ({ ref, live: await client.get(ref) })));
  const halfMade = looked.flatMap(({ ref, live }) => (live && isHalfMade(live, span) ? [ref] : []));
  for (const ref of halfMade) {
    log(`${titleOf(ref)} was half made; it is removed, to be made anew`);
    await client.delete(ref, "Background");
  }
  await untilGone({ client, log }, halfMade);
}

/** Makes Helm go on with the releases of the state. @returns URNs of those that were being upgraded. */
async function mendReleases({ client, log }: RecoveryContext, { known }: Leftovers): Promise<string[]> {
  const helm = new HelmRecords(client);
  const upgraded: string[] = [];
  for (const { urn, name, namespace } of known.releases) {
    const remedy = await helm.mend(name, namespace);
    if (remedy === "remove") {
      log(`release ${namespace}/${name} was half made, or half removed; it is removed`);
    } else if (remedy === "forget the last revision") {
      log(`release ${namespace}/${name} was being upgraded; the upgrade is begun anew`);
      upgraded.push(urn);
    }
  }
  return upgraded;
}

/** Waits until objects are gone: all of them, or those that are on their way out. */
async function untilGone(
  { client, log }: Pick<RecoveryContext, "client" | "log">,
  refs: readonly ObjectRef[],
  isGoing: (object: { metadata?: { deletionTimestamp?: unknown } }) => boolean = () => true,
): Promise<void> {
  let logged = false;
  for (const end = Date.now() + goingMs; ; await sleep(pollMs)) {
    const live = await Promise.all(refs.map(async (ref) => ({ ref, object: await client.get(ref) })));
    const going = live.filter(({ object }) => object && isGoing(object)).map(({ ref }) => titleOf(ref));
    if (going.length === 0) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(
        `${going.join(", ")}: deleted, but still there after ${goingMs / 1000} s; find the cause with kubectl describe`,
      );
    }
    if (!logged) {
      log(`waiting for ${going.join(", ")} to be gone`);
      logged = true;
    }
  }
}
