import type { LiveObject, ObjectRef } from "./kubeClient";

/** @returns the name of an object in messages: `Kind namespace/name`. */
export function titleOf({ kind, namespace, name }: Omit<ObjectRef, "apiVersion">): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** @returns {@link titleOf} an object that was read. */
export function titleOfLive({ kind = "", metadata: { namespace, name = "" } = {} }: LiveObject): string {
  return titleOf({ kind, namespace, name });
}
