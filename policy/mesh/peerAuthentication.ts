/** Which mode of mutual TLS holds for a workload. */
import type { Mesh, Workload } from "./mesh";
import type { Resource } from "./resource";
import { isEmpty } from "./selectors";

/** A mode, and the policy that sets it. */
export interface MutualTls {
  mode: string;
  policy: Resource<"PeerAuthentication">;
}

interface Policies {
  /** The policy that selects a workload. */
  selecting: Map<Workload, Resource<"PeerAuthentication">>;
  namespaced: Map<string, Resource<"PeerAuthentication">>;
}

function policiesOf(mesh: Mesh): Policies {
  return mesh.once("peer authentication", () => {
    const found: Policies = { selecting: new Map(), namespaced: new Map() };
    for (const policy of mesh.of("PeerAuthentication")) {
      const { namespace } = policy;
      const selector = policy.fields.spec?.selector?.matchLabels;
      if (!isEmpty(selector)) {
        for (const workload of mesh.selectedBy(selector, namespace)) {
          found.selecting.set(workload, found.selecting.get(workload) ?? policy);
        }
      } else if (!found.namespaced.has(namespace)) {
        found.namespaced.set(namespace, policy);
      }
    }
    return found;
  });
}

function modeOf(policy: Resource<"PeerAuthentication"> | undefined, port: number | undefined): MutualTls | undefined {
  const { mtls, portLevelMtls } = policy?.fields.spec ?? {};
  const byPort = portLevelMtls as Record<string, { mode?: string } | undefined> | undefined;
  const mode = (port === undefined ? undefined : byPort?.[String(port)]?.mode) ?? mtls?.mode;
  return policy === undefined || mode === undefined || mode === "UNSET" ? undefined : { mode, policy };
}

/** The mode that holds for all of a namespace; undefined where nothing is declared, which means PERMISSIVE. */
export function namespaceMode(mesh: Mesh, namespace: string): MutualTls | undefined {
  const { namespaced } = policiesOf(mesh);
  return modeOf(namespaced.get(namespace), undefined) ?? modeOf(namespaced.get(mesh.rootNamespace), undefined);
}

/** The mode that holds for a workload, on a port where one is named: its own policy's, its namespace's, the mesh's. */
export function workloadMode(mesh: Mesh, workload: Workload, port?: number): MutualTls | undefined {
  const own = policiesOf(mesh).selecting.get(workload);
  return modeOf(own, port) ?? namespaceMode(mesh, workload.namespace);
}
