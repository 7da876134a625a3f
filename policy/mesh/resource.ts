/** One declared resource, from a manifest or from a Pulumi program. */
import { gatewayApiGroup } from "./names";
import { hasSchema, misfitsOf, type Misfit } from "./schemas";
import { fitResource, type Fields, type ShapeName } from "./shapes";
import { lineOf } from "./yaml";
import { known } from "./unknown";

/** Where a resource stands in a file. */
export interface Origin {
  file: string;
  /** The text of its document and the line (from 1) on which that starts. */
  text: string;
  startLine: number;
  /** The way from the document to the resource: `items`, 3 for the fourth item of a List. */
  path: (string | number)[];
}

/** A resource whose fields have the types that its kind says. */
export interface Resource<S extends ShapeName = ShapeName> {
  readonly kind: string;
  /** The API group, "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly shape: S | undefined;
  readonly name: string;
  /** As written: "" where the manifest names none, or where it is not known yet. */
  readonly declaredNamespace: string;
  /** Where it comes to live: `default` where the manifest names none, "" for a kind that has no namespace. */
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly fields: Fields<S>;
  readonly misfits: Misfit[];
  /** The first list or map that the rules read whose value is not known yet. */
  readonly hidden?: string;
  readonly origin?: Origin;
  readonly urn?: string;
  /** The URNs of what this resource waits for, itself and through its parents. */
  readonly dependencies: readonly string[];
  /** Set for what a chart installs: it is modelled, but it is not the program's to mend. */
  readonly installedBy?: string;
}

/** What a resource is made from. */
export interface RawResource {
  kind: string;
  group: string;
  version: string;
  value: Record<string, unknown>;
  defaultNamespace?: string;
  origin?: Origin;
  urn?: string;
  dependencies?: readonly string[];
  installedBy?: string;
}

const istio = /(^|\.)istio\.io$/;

const workloadKinds = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]);
const istioKinds = new Set<string>([
  "VirtualService",
  "DestinationRule",
  "Gateway",
  "ServiceEntry",
  "WorkloadEntry",
  "WorkloadGroup",
  "Sidecar",
  "PeerAuthentication",
  "RequestAuthentication",
  "AuthorizationPolicy",
  "Telemetry",
  "WasmPlugin",
  "ProxyConfig",
  "EnvoyFilter",
]);
const coreKinds = new Set<string>(["Namespace", "Node", "Service", "ConfigMap", "Secret", "ServiceAccount", "Pod"]);
const clusterKinds = new Set([
  "Namespace",
  "Node",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
  "CustomResourceDefinition",
]);

/** The shape of a kind of a group; undefined where the rules know nothing of it. */
function shapeOf(kind: string, group: string, value: Record<string, unknown>): ShapeName | undefined {
  if (istio.test(group)) {
    return istioKinds.has(kind) ? (kind as ShapeName) : undefined;
  }
  if (group === gatewayApiGroup) {
    return kind === "Gateway"
      ? "KubernetesGateway"
      : kind === "ReferenceGrant"
        ? "ReferenceGrant"
        : kind.endsWith("Route")
          ? "GatewayRoute"
          : undefined;
  }
  if (group === "" && coreKinds.has(kind)) {
    return kind as ShapeName;
  }
  if (kind === "CronJob" && group === "batch") {
    return "CronJob";
  }
  if (workloadKinds.has(kind)) {
    return "Workload";
  }
  if (kind === "Ingress" && group === "networking.k8s.io") {
    return "Ingress";
  }
  if (kind === "MutatingWebhookConfiguration" || kind === "ValidatingWebhookConfiguration") {
    return "Webhooks";
  }
  if (kind === "CustomResourceDefinition") {
    return "CustomResourceDefinition";
  }
  // A custom resource with a pod template where Deployments have theirs makes pods as Deployments do: Argo's Rollout.
  const containers = known(() => {
    const spec = value["spec"] as { template?: { spec?: { containers?: unknown } } } | null | undefined;
    return typeof spec === "object" ? spec?.template?.spec?.containers : undefined;
  });
  return Array.isArray(containers) ? "Workload" : undefined;
}

/** Makes a resource of its raw form. The raw form is taken over: fields that do not fit are dropped from it. */
export function makeResource(raw: RawResource): Resource {
  const { kind, group, value } = raw;
  const shape = shapeOf(kind, group, value);
  const unknowns = raw.origin === undefined;
  const strict = hasSchema(group, kind) ? misfitsOf(group, kind, value, unknowns) : [];
  const { misfits: fitted, hidden } = fitResource(value, shape, unknowns);
  // A schema says the same of what stands in spec, and more.
  const misfits = hasSchema(group, kind) ? [...fitted.filter(({ path }) => path[0] === "metadata"), ...strict] : fitted;
  const metadata = (value["metadata"] ?? {}) as { name?: string; namespace?: string };
  const meta = metadata as { labels?: Record<string, string>; annotations?: Record<string, string> };
  const inCluster = clusterKinds.has(kind);
  const declaredNamespace = inCluster ? "" : known(() => metadata.namespace ?? "");
  const resource: Resource = {
    kind,
    group,
    version: raw.version,
    shape,
    name: metadata.name ?? "",
    declaredNamespace: declaredNamespace ?? "",
    get namespace() {
      return inCluster ? "" : (declaredNamespace ?? metadata.namespace) || raw.defaultNamespace || "default";
    },
    get labels() {
      // Kubernetes gives it to every Namespace.
      return shape === "Namespace" ? { ...meta.labels, "kubernetes.io/metadata.name": this.name } : (meta.labels ?? {});
    },
    get annotations() {
      return meta.annotations ?? {};
    },
    fields: value,
    misfits,
    ...(hidden !== undefined && { hidden }),
    ...(raw.origin !== undefined && { origin: raw.origin }),
    ...(raw.urn !== undefined && { urn: raw.urn }),
    dependencies: raw.dependencies ?? [],
    ...(raw.installedBy !== undefined && { installedBy: raw.installedBy }),
  };
  return resource;
}

/** `Kind namespace/name`, the namespace left out where the manifest names none. */
export function title(resource: Resource): string {
  const { kind, declaredNamespace, name } = resource;
  return declaredNamespace === "" ? `${kind} ${name}` : `${kind} ${declaredNamespace}/${name}`;
}

/** `namespace/name`: identifies a resource among those of its kind. */
export function fullName(resource: { namespace: string; name: string }): string {
  return `${resource.namespace}/${resource.name}`;
}

/** Splits a field such as `spec.http[0].route` into its keys and indices; a key in quotes may hold dots. */
export function fieldPath(field: string): (string | number)[] {
  const path: (string | number)[] = [];
  for (const match of field.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)) {
    path.push(match[2] !== undefined ? Number(match[2]) : (match[1] ?? match[3]!));
  }
  return path;
}

/** The field of a map whose key may hold dots and slashes: `metadata.labels["istio.io/rev"]`. */
export function keyed(parent: string, key: string): string {
  return /^[\w-]+$/.test(key) ? `${parent}.${key}` : `${parent}["${key}"]`;
}

/** The field that a path of keys and indices leads to: `spec.http[0].route`. */
export function fieldOf(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === "number" ? `${text}[${step}]` : text === "" && /^[\w-]+$/.test(step) ? step : keyed(text, step),
    "",
  );
}

/** Where a field of a resource stands, for resources that came from a file. */
export function position(resource: Resource, field: string): { file: string; line: number } | undefined {
  const { origin } = resource;
  if (origin === undefined) {
    return undefined;
  }
  const path = [...origin.path, ...fieldPath(field)];
  return { file: origin.file, line: lineOf(origin.text, origin.startLine, path) };
}
