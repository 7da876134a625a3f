import type { ObjectRef } from "./kubeClient";

/** @returns how an object is named to whoever reads it: `Kind namespace/name`. */
export function titleOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}
