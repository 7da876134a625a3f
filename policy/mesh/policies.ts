/** What the policies of a mesh are for, and which mode of mutual TLS they set. */
import { gatewayNameLabel } from "./names";
import { type Mesh, type Workload } from "./mesh";
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

/** A policy for workloads. */
export type WorkloadPolicy = Resource<
  "AuthorizationPolicy" | "RequestAuthentication" | "Telemetry" | "WasmPlugin" | "PeerAuthentication"
>;

/** The kinds of policies that may refer to what they are for, by their shapes. */
const targetingShapes = ["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"] as const;

/** The policies that may refer to what they are for by targetRefs. */
export function targetingPolicies(mesh: Mesh): WorkloadPolicy[] {
  return targetingShapes.flatMap((shape): WorkloadPolicy[] => mesh.of(shape));
}

interface TargetReference {
  group?: string;
  kind?: string;
  name?: string;
}

/** What a policy refers to instead of selecting pods. */
export function targetReferences(policy: WorkloadPolicy): { reference: TargetReference; field: string }[] {
  const { targetRef, targetRefs = [] } = ((policy.fields as { spec?: unknown }).spec ?? {}) as {
    targetRef?: TargetReference;
    targetRefs?: TargetReference[];
  };
  return [
    ...(targetRef === undefined ? [] : [{ reference: targetRef, field: "spec.targetRef" }]),
    ...targetRefs.map((reference, i) => ({ reference, field: `spec.targetRefs[${i}]` })),
  ];
}

/** The labels by which a policy selects pods; undefined for all of its namespace, or of the mesh. */
export function selectorOf(policy: WorkloadPolicy): Record<string, string> | undefined {
  const labels = policy.fields.spec?.selector?.matchLabels;
  return isEmpty(labels) ? undefined : labels;
}

/** The workloads that a policy is for. One of the root namespace is for all namespaces. */
export function targetsOf(mesh: Mesh, policy: WorkloadPolicy): Workload[] {
  const references = targetReferences(policy);
  if (references.length > 0) {
    return references.flatMap(({ reference: { kind, name = "" } }) => {
      const service = kind === "Service" ? mesh.find("Service", "", policy.namespace, name) : undefined;
      return kind === "Gateway"
        ? mesh.selectedBy({ [gatewayNameLabel]: name }, policy.namespace)
        : service === undefined
          ? []
          : mesh.behind(service as Resource<"Service">);
    });
  }
  return mesh.selectedBy(selectorOf(policy), policy.namespace === mesh.rootNamespace ? undefined : policy.namespace);
}

/** The workloads that some RequestAuthentication reads tokens for. */
export function authenticated(mesh: Mesh): ReadonlySet<Workload> {
  return mesh.once(
    "authenticated workloads",
    () => new Set(mesh.of("RequestAuthentication").flatMap((policy) => targetsOf(mesh, policy))),
  );
}

/** The names of the extension providers of the mesh configuration, with the keys that say what each is. */
export function extensionProviders(mesh: Mesh): ReadonlyMap<string, string> {
  return mesh.once("extension providers", () => {
    const list = mesh.meshConfig["extensionProviders"];
    const found = new Map<string, string>([
      ["prometheus", "prometheus"],
      ["stackdriver", "stackdriver"],
      ["envoy", "envoyFileAccessLog"],
    ]);
    for (const provider of Array.isArray(list) ? (list as ({ name?: unknown } | null)[]) : []) {
      const name = provider?.name;
      if (typeof name === "string") {
        found.set(name, Object.keys(provider ?? {}).find((key) => key !== "name") ?? "");
      }
    }
    return found;
  });
}
