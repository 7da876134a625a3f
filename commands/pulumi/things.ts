import type { ObjectRef } from "../../cluster/kubeClient";
import type { StateResource } from "./events";

/** Pulumi's type of a Helm release. */
export const releaseType = "kubernetes:helm.sh/v3:Release";

/** A Helm release of the stack. */
export interface ReleaseRef {
  urn: string;
  name: string;
  namespace: string;
}

/** What a stack has in its cluster: objects of the API server, and Helm releases. */
export interface Things {
  objects: ObjectRef[];
  releases: ReleaseRef[];
}

/** @returns what resources are in the cluster; those without a name of their own are left out. */
export function thingsOf(resources: readonly StateResource[]): Things {
  return {
    objects: resources.flatMap((resource) => objectRefOf(resource) ?? []),
    releases: resources.flatMap((resource) => releaseRefOf(resource) ?? []),
  };
}

/** @returns the object that a resource is; undefined for a release, a patch, and what is in no cluster. */
export function objectRefOf({ type, inputs = {} }: StateResource): ObjectRef | undefined {
  const { apiVersion, kind } = inputs;
  const { name, namespace } = (inputs.metadata ?? {}) as { name?: unknown; namespace?: unknown };
  // A patch changes fields of an object that the stack did not create.
  const isObject = type.startsWith("kubernetes:") && type !== releaseType && !type.endsWith("Patch");
  return isObject && typeof apiVersion === "string" && typeof kind === "string" && typeof name === "string"
    ? { apiVersion, kind, name, ...(typeof namespace === "string" && { namespace }) }
    : undefined;
}

/** @returns the Helm release that a resource is. */
export function releaseRefOf({ urn, type, inputs = {} }: StateResource): ReleaseRef | undefined {
  const { name, namespace } = inputs;
  return type === releaseType && typeof name === "string" && typeof namespace === "string"
    ? { urn, name, namespace }
    : undefined;
}

/** @returns the key that identifies an object or release in a cluster. */
export function keyOf(thing: ObjectRef | ReleaseRef): string {
  // One object may go by several versions of its type.
  const type = "kind" in thing ? `${thing.apiVersion.replace(/\/?[^/]*$/, "")}/${thing.kind}` : releaseType;
  return [type, thing.namespace ?? "", thing.name].join("|");
}

/** @returns the things without those whose key is in `but`, each once. */
export function unique<T extends ObjectRef | ReleaseRef>(things: readonly T[], but: ReadonlySet<string>): T[] {
  const byKey = new Map(things.map((thing) => [keyOf(thing), thing]));
  return [...byKey].filter(([key]) => !but.has(key)).map(([, thing]) => thing);
}
