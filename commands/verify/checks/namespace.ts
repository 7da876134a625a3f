import { injectionLabel } from "../../../components/meshNamespace";
import type { Check, Outcome } from "../check";
import { fail, pass } from "../check";

/** @returns whether a namespace with these labels is injected by the declared revision. */
export function judgeNamespace(
  name: string,
  labels: Record<string, string> | undefined,
  revision: string | undefined,
  kubectl: string,
): Outcome {
  const [[key, value]] = Object.entries(injectionLabel(revision)) as [[string, string]];
  const next = `${kubectl} get namespace ${name} --show-labels`;
  if (labels === undefined) {
    return fail(`there is no namespace ${name}`, `the namespace ${name} is gone; run npm start -- --refresh`, next);
  }
  const found = labels[key];
  return found === value
    ? pass(`${name} has ${key}=${value}`)
    : fail(
        found === undefined ? `${name} has no label ${key}` : `${name} has ${key}=${found}`,
        `the namespace ${name} lacks the injection label ${key}=${value}: pods that start now get no sidecar. Label it, and restart its pods`,
        next,
      );
}

/** Is the namespace of the services labelled for injection? */
export const namespace: Check = {
  name: "namespace",
  description: "namespace labelled for injection",
  needs: [],
  async run({ cluster, declared }) {
    const { mesh } = declared.namespaces;
    const object = await cluster.client.get({ apiVersion: "v1", kind: "Namespace", name: mesh });
    return judgeNamespace(mesh, object && (object.metadata?.labels ?? {}), declared.revision, cluster.kubectl);
  },
};
