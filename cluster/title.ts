import type { ObjectRef } from "./kubeClient";

/** @returns the name of an object in messages: `Kind namespace/name`. */
export function titleOf({ kind, namespace, name }: Omit<ObjectRef, "apiVersion">): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}
