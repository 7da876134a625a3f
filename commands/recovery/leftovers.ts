import type { LiveObject } from "../../cluster/kubeClient";
import type { StateResource } from "../pulumi/events";
import type { ExportedStack } from "../pulumi/stack";
import type { Things } from "../pulumi/things";
import { keyOf, releaseType, thingsOf, unique } from "../pulumi/things";
import type { RunRecord } from "./runRecord";

/** What has to be looked at in the cluster after a run that did not end well. */
export interface Leftovers {
  /** What the state has. It may be on its way out, or half updated. */
  known: Things;
  /** What the state has not, but was about to be made: it may be there all the same. */
  unknown: Things;
  /** URNs of the releases whose update was cut short. Whatever the state says, they may have either content. */
  halfUpdated: string[];
}

/** When a run was at work. */
export interface Span {
  from: Date;
  to: Date;
}

/**
 * Seconds that the clock of the API server may be behind ours, and that a provider may go on after the state was last
 * written.
 */
const [behindSeconds, afterSeconds] = [5, 60];

/** @returns whether a run came as far as changing anything; the state is written before each change. */
export function changedAnything({ deployment }: ExportedStack, { startedAt }: RunRecord): boolean {
  const written = deployment?.manifest?.time;
  return (
    (deployment?.pending_operations ?? []).length > 0 ||
    (written !== undefined && new Date(written) >= new Date(startedAt))
  );
}

/** @returns when a run was at work. A killed run has no recorded end; the state shows how far it came. */
export function spanOf({ deployment }: ExportedStack, { startedAt, endedAt }: RunRecord): Span {
  const to = new Date(endedAt ?? deployment?.manifest?.time ?? startedAt).getTime();
  return {
    from: new Date(new Date(startedAt).getTime() - behindSeconds * 1000),
    to: new Date(to + afterSeconds * 1000),
  };
}

/**
 * @param state The stack after the run.
 * @param missing What the program declares and the state has not. A run that failed without being killed has no pending
 * operations; but a request whose answer got lost may have been granted.
 */
export function leftoversOf({ deployment }: ExportedStack, missing: readonly StateResource[]): Leftovers {
  const pending = deployment?.pending_operations ?? [];
  const known = thingsOf((deployment?.resources ?? []).filter((r) => !r.external && !r.pendingReplacement));
  const created = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  const unknown = thingsOf([...created, ...missing]);
  const knownKeys = new Set([...known.objects.map(keyOf), ...known.releases.map(keyOf)]);
  return {
    known,
    unknown: { objects: unique(unknown.objects, knownKeys), releases: unique(unknown.releases, knownKeys) },
    halfUpdated: pending
      .filter(({ type, resource }) => type === "updating" && resource.type === releaseType)
      .map(({ resource }) => resource.urn),
  };
}

/**
 * @returns whether a run made an object and was cut short before the state had it: made while the run was at work, and
 * by Pulumi's provider. Other objects stay; the CLI then reports that the object already exists.
 */
export function isHalfMade({ metadata }: LiveObject, span: Span): boolean {
  const byPulumi = (metadata?.managedFields ?? []).some(({ manager }) => manager?.startsWith("pulumi-kubernetes"));
  return byPulumi && metadata?.creationTimestamp !== undefined && isWithin(new Date(metadata.creationTimestamp), span);
}

/** @returns whether something happened while a run was at work. */
export function isWithin(time: Date, { from, to }: Span): boolean {
  return time >= from && time <= to;
}

/**
 * @param toUpdate URNs of the releases that the next `pulumi up` has to update, even if it finds nothing changed.
 * @returns the state to import once everything else is mended.
 */
export function mendedState({ version, deployment }: ExportedStack, toUpdate: readonly string[]): ExportedStack {
  if (deployment === null) {
    return { version, deployment };
  }
  const { pending_operations: _, ...rest } = deployment;
  const resources = deployment.resources?.map((resource) =>
    // The provider compares the declared timeout with this one, and a refresh does not read it from the cluster.
    toUpdate.includes(resource.urn) ? { ...resource, outputs: { ...resource.outputs, timeout: 0 } } : resource,
  );
  return { version, deployment: { ...rest, ...(resources && { resources }) } };
}
