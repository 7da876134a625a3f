import { setTimeout as sleep } from "node:timers/promises";
import type { Helm, ReleaseInputs } from "./helm";
import type { Entry, Inventory } from "./inventory";
import { releaseEntry } from "./inventory";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";
import type { Change, Progress } from "./progress";
import { waitingFor } from "./readiness";
import { objectsOfRelease } from "./releaseObjects";
import { Slots } from "../../cluster/slots";
import { titleOf } from "./title";
import { whyNotReady } from "./whyNotReady";

/** Fewest milliseconds between two looks at something that is not ready. */
const pollMs = 200;
/** Share of the time that was waited already: what takes long is looked at less often, for there may be a thousand of them. */
const pollShare = 0.05;
/** Things that are removed at once: each is asked for until it is gone, and of thousands nothing but that would be asked. */
const mostRemovals = 48;
/** How long an object may take to become ready, or to go. */
const patienceMs = 300_000;
/** How often it is said what is waited for. */
const noticeMs = 10_000;

/** Applies and removes single things in one cluster, recording each in the inventory. */
export class Cluster {
  constructor(
    private readonly client: KubeClient,
    private readonly helm: Helm,
    readonly inventory: Inventory,
    private readonly progress: Progress,
  ) {}

  /** @returns an object that somebody else made. */
  async read(ref: ObjectRef): Promise<LiveObject> {
    const object = await this.client.get(ref);
    if (!object) {
      throw new Error(`${titleOf(ref)} does not exist`);
    }
    return object;
  }

  /** Applies an object and waits until it is ready. @returns the live object. */
  async applyObject(resource: string, type: string, declared: LiveObject): Promise<LiveObject> {
    const started = Date.now();
    const ref = refOf(declared);
    await this.inventory.record({ resource, kind: "object", ref });
    let before = await this.client.get(ref);
    if (before?.metadata?.deletionTimestamp !== undefined) {
      // A removal that was cut short goes on by itself. What is on its way out can't be kept, only made again.
      await this.untilGone(ref);
      before = undefined;
    }
    const applied = await this.client.apply(declared);
    const change: Change = !before ? "created" : contentOf(before) === contentOf(applied) ? "unchanged" : "updated";
    const ready = await this.untilReady(type, applied);
    this.progress.done(change, type, resource, Date.now() - started);
    return ready;
  }

  /** Installs or upgrades a release, unless it stands as declared. */
  async applyRelease(resource: string, type: string, inputs: ReleaseInputs): Promise<void> {
    const started = Date.now();
    const entry = releaseEntry(resource, inputs);
    const digest = await this.helm.digest(inputs);
    const known = this.inventory.find(entry);
    const status = await this.helm.status(inputs.name, inputs.namespace);
    if (known?.digest === digest && status === "deployed") {
      await this.inventory.record(known);
      this.progress.done("unchanged", type, resource, Date.now() - started);
      return;
    }
    // Without its digest until it is ready: an interrupted upgrade is taken up again.
    await this.inventory.record(entry);
    await this.helm.upgrade(inputs);
    const objects = await objectsOfRelease(this.client, inputs);
    await Promise.all(objects.map((object) => this.untilReady(type, object, (inputs.timeout ?? 600) * 1000)));
    await this.inventory.record({ ...entry, digest });
    this.progress.done(status ? "updated" : "created", type, resource, Date.now() - started);
  }

  /** Removes entries, the newest first, and forgets them. */
  async remove(entries: readonly Entry[]): Promise<void> {
    const going: Promise<void>[] = [];
    const slots = new Slots(mostRemovals);
    let namespacesGo = false;
    for (const entry of [...entries].reverse()) {
      const isRelease = entry.kind === "release";
      const isNamespace = entry.ref.kind === "Namespace";
      // What was made after a release or a namespace may need it to go: a custom resource its type, a pod its namespace. And what was made
      // before a namespace may be needed by what still goes in it. Namespaces go side by side: for each the API server looks again five
      // seconds later whether its pods have ended. A subset goes after the pods that came after it: by then every proxy knows the routes
      // that no longer name it.
      if (isRelease || isNamespace !== namespacesGo || entry.ref.kind === "DestinationRule") {
        await Promise.all(going.splice(0));
      }
      namespacesGo = isNamespace;
      if (isRelease) {
        await this.removeEntry(entry);
      } else {
        going.push(slots.run(() => this.removeEntry(entry)));
      }
    }
    await Promise.all(going);
    await this.inventory.flush();
  }

  private async removeEntry(entry: Entry): Promise<void> {
    const started = Date.now();
    const { name, namespace = "default" } = entry.ref;
    if (entry.kind === "release") {
      await this.helm.uninstall(name, namespace);
    } else if (await this.client.delete(entry.ref)) {
      await this.untilGone(entry.ref);
    }
    this.inventory.forget(entry);
    this.progress.done("deleted", entry.ref.kind, entry.resource, Date.now() - started);
  }

  private async untilReady(type: string, applied: LiveObject, limitMs = patienceMs): Promise<LiveObject> {
    let object: LiveObject | undefined = applied;
    let waiting = waitingFor(object);
    const patience = new Patience(limitMs);
    while (waiting !== undefined) {
      if (patience.isOver()) {
        const reasons = await whyNotReady(this.client, applied);
        throw new Error(
          `${type} ${applied.metadata?.name} is not ready after ${limitMs / 1000} s: waits for ${waiting}${reasons}`,
        );
      }
      if (patience.isNoticeDue()) {
        this.progress.waiting(type, applied.metadata?.name ?? "", waiting);
      }
      await patience.untilNextLook();
      object = await this.client.get(refOf(applied));
      waiting = object ? waitingFor(object) : "it to exist: somebody deleted it";
    }
    return object ?? applied;
  }

  private async untilGone(ref: ObjectRef): Promise<void> {
    const patience = new Patience();
    while (await this.client.get(ref)) {
      if (patience.isOver()) {
        throw new Error(`${ref.kind} ${ref.name} is still there ${patienceMs / 1000} s after it was deleted`);
      }
      if (patience.isNoticeDue()) {
        this.progress.waiting(ref.kind, ref.name, "it to be gone");
      }
      await patience.untilNextLook();
    }
  }
}

/** @returns what there is to an object apart from the API server's own notes about it: who wrote which field, and when. */
function contentOf(object: LiveObject): string {
  const { metadata, status: _, ...rest } = object;
  const { resourceVersion: _v, managedFields: _m, generation: _g, ...own } = metadata ?? {};
  return JSON.stringify({ ...rest, own });
}

class Patience {
  private readonly started = Date.now();
  private noticed = Date.now();

  constructor(private readonly limitMs = patienceMs) {}

  untilNextLook(): Promise<void> {
    return sleep(Math.max(pollMs, (Date.now() - this.started) * pollShare));
  }

  isOver(): boolean {
    return Date.now() - this.started > this.limitMs;
  }

  isNoticeDue(): boolean {
    const due = Date.now() - this.noticed > noticeMs;
    if (due) {
      this.noticed = Date.now();
    }
    return due;
  }
}

/** @returns what names a declared object. @throws Error if a part of it is missing. */
export function refOf(object: LiveObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  if (!apiVersion || !kind || !metadata?.name) {
    throw new Error(`${kind ?? "an object"} has no metadata.name: generated names need the Pulumi CLI`);
  }
  return { apiVersion, kind, name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) };
}
