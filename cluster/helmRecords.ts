import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import type { KubeClient, LiveObject, ObjectRef } from "./kubeClient";

/** One revision of a release, as Helm keeps it: in a Secret of the release's namespace. */
export interface ReleaseRecord {
  revision: number;
  /**
   * Helm's word for it: deployed, superseded, failed, pending-install, pending-upgrade, pending-rollback, uninstalling.
   */
  status: string;
  /** When the revision was begun, as the API server has it. */
  createdAt: Date;
}

/** What a release needs before Helm can go on with it. */
export type ReleaseRemedy = "none" | "forget the last revision" | "remove";

/** States in which Helm refuses to go on, because another Helm seems to be at work; here it was one that got killed. */
const unfinished = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"];

/** States of a revision that an upgrade can start from. */
const startable = ["deployed", "superseded", "failed"];

/** Milliseconds between two looks at an object that is going, and how long it may take. */
const [pollMs, goneMs] = [200, 120_000];

/** @returns whether Helm takes the revision for one that another Helm works on. */
function isUnfinished({ status }: Pick<ReleaseRecord, "status">): boolean {
  return unfinished.includes(status);
}

/**
 * Decides how to repair a release after its Helm process ended. An interrupted upgrade starts again from the previous
 * revision: Helm finds the objects by name and takes over those that exist. An install has no previous revision; its
 * objects are deleted.
 * @param records The release's revisions, oldest first.
 */
export function remedyOf(records: readonly ReleaseRecord[]): ReleaseRemedy {
  const last = records.at(-1);
  if (!last || !isUnfinished(last)) {
    return "none";
  }
  const before = records.slice(0, -1).some(({ status }) => startable.includes(status));
  return before && last.status !== "uninstalling" ? "forget the last revision" : "remove";
}

/**
 * The objects of a release, in the reverse of the order they were made in. What its chart asks to keep is left out.
 * @param encoded The record's `release` entry, as the Secret has it.
 * @param namespace The release's namespace, which objects without one are in.
 */
export function objectsOf(encoded: string, namespace: string): ObjectRef[] {
  const packed = Buffer.from(Buffer.from(encoded, "base64").toString("utf8"), "base64");
  const { manifest } = JSON.parse(gunzipSync(packed).toString("utf8")) as { manifest: string };
  return parseAllDocuments(manifest)
    .map((document) => document.toJS() as LiveObject | null)
    .flatMap((object) => {
      const { apiVersion, kind, metadata } = object ?? {};
      const kept = metadata?.annotations?.["helm.sh/resource-policy"] === "keep";
      return apiVersion && kind && metadata?.name && !kept
        ? [{ apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? namespace }]
        : [];
    })
    .reverse();
}

/**
 * What Helm has noted about its releases in a cluster. Mends what a Helm left that was killed, and needs no helm for
 * it.
 */
export class HelmRecords {
  constructor(private readonly client: Pick<KubeClient, "get" | "list" | "delete">) {}

  /** @returns the revisions of a release, oldest first; empty if there is none. */
  async of(name: string, namespace: string): Promise<ReleaseRecord[]> {
    return (await this.secrets(name, namespace)).map(({ metadata }) => ({
      revision: Number(metadata?.labels?.version),
      status: metadata?.labels?.status ?? "",
      createdAt: new Date(metadata?.creationTimestamp ?? 0),
    }));
  }

  /** Repairs an unfinished release. Call it only after the Helm process ended. @returns the remedy that was applied. */
  async mend(name: string, namespace: string): Promise<ReleaseRemedy> {
    const remedy = remedyOf(await this.of(name, namespace));
    if (remedy === "remove") {
      await this.remove(name, namespace);
    } else if (remedy === "forget the last revision") {
      await this.client.delete(refOf((await this.secrets(name, namespace)).at(-1)!));
    }
    return remedy;
  }

  /** Removes a release: the objects of its last revision, and what Helm has noted about it. */
  async remove(name: string, namespace: string): Promise<void> {
    const secrets = await this.secrets(name, namespace);
    const objects = objectsOf(secrets.at(-1)?.data?.release ?? "", namespace);
    for (const object of objects) {
      // Its pods may take their time to end; what is made anew need not wait for them.
      await this.client.delete(object, "Background");
    }
    for (const end = Date.now() + goneMs; ; await sleep(pollMs)) {
      const left = (await Promise.all(objects.map((object) => this.client.get(object)))).filter((object) => object);
      if (left.length === 0) {
        break;
      }
      if (Date.now() > end) {
        throw new Error(`${left[0]?.kind} ${left[0]?.metadata?.name} of ${namespace}/${name} does not go`);
      }
    }
    for (const secret of secrets) {
      await this.client.delete(refOf(secret));
    }
  }

  private async secrets(name: string, namespace: string): Promise<LiveObject[]> {
    const revision = ({ metadata }: LiveObject) => Number(metadata?.labels?.version);
    return (await this.client.list("v1", "Secret", namespace))
      .filter(({ metadata }) => metadata?.labels?.owner === "helm" && metadata.labels.name === name)
      .sort((a, b) => revision(a) - revision(b));
  }
}

function refOf({ metadata }: LiveObject): ObjectRef {
  return { apiVersion: "v1", kind: "Secret", name: metadata?.name ?? "", namespace: metadata?.namespace };
}
