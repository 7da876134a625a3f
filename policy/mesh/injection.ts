/**
 * Whether a pod gets a sidecar: first which webhook of the injector the API server calls for it, by labels alone, then
 * what the injector decides. See MutatingWebhookConfiguration in Istio's istiod chart, and the injector itself.
 */
import { kubernetesNamespaces } from "../../common/reserved";
import { ambientLabel, injectLabel, namespaceLabel, proxyName, revisionLabel } from "./names";
import type { Injector } from "./helm";
import { containersOf, hasOwnProxy, isGateway, type Mesh, type Workload } from "./mesh";
import type { Resource } from "./resource";
import { isEmpty, matchesSelector, type LabelSelector } from "./selectors";

/** Namespaces that the injector passes over whatever their labels say. */
export const ignoredNamespaces: readonly string[] = [...kubernetesNamespaces, "local-path-storage"];

/** What decided. */
export type Cause =
  | "injected"
  | "own-proxy"
  | "host-network"
  | "ignored-namespace"
  | "namespace-unlabelled"
  | "namespace-opted-out"
  | "namespace-label-invalid"
  | "revision-missing"
  | "ambient"
  | "pod-opted-out"
  | "never-inject"
  | "policy-disabled"
  | "namespace-undeclared";

/** Whether a workload's pods get a sidecar, and why; `injected` is undefined where the input does not decide it. */
export interface Injection {
  injected: boolean | undefined;
  cause: Cause;
  /** The revision asked for. */
  revision?: string;
}

/** Options from the settings that injection depends on. */
export interface InjectionOptions {
  /** Revisions and tags that are installed by other means; `default` for the default one. */
  revisions: readonly string[];
}

/** Whether a revision is installed, as far as the input shows it; undefined where the input has no injector. */
export function revisionInstalled(mesh: Mesh, revision: string, options: InjectionOptions): boolean | undefined {
  if (mesh.injectors.length === 0 && options.revisions.length === 0) {
    return undefined;
  }
  return (
    options.revisions.includes(revision) ||
    mesh.injectors.some((injector) => injector.revision === revision || injector.tags.includes(revision))
  );
}

/** The injection webhooks that are declared one by one; the chart's are known without. */
function declaredWebhooks(mesh: Mesh): { revision: string; namespaces?: LabelSelector; pods?: LabelSelector }[] {
  return mesh.once("injection webhooks", () =>
    mesh.of("Webhooks").flatMap((configuration) =>
      (configuration.kind === "MutatingWebhookConfiguration" ? (configuration.fields.webhooks ?? []) : [])
        .filter(({ name = "" }) => name.endsWith("sidecar-injector.istio.io"))
        .map(({ namespaceSelector, objectSelector }) => ({
          revision: configuration.labels["istio.io/tag"] ?? configuration.labels[revisionLabel] ?? "default",
          ...(namespaceSelector !== undefined && { namespaces: namespaceSelector }),
          ...(objectSelector !== undefined && { pods: objectSelector }),
        })),
    ),
  );
}

/** Step A: the revision whose webhook is called, or why none is. */
function webhookFor(
  mesh: Mesh,
  workload: Workload,
  namespace: Resource<"Namespace"> | undefined,
): { revision: string } | { cause: Cause; injected?: undefined } {
  const usual = usualWebhookFor(mesh, workload, namespace);
  const hooks = declaredWebhooks(mesh);
  if (hooks.length === 0) {
    return usual;
  }
  const hook = hooks.find(
    ({ namespaces, pods }) =>
      matchesSelector(namespaces, namespace?.labels ?? {}) && matchesSelector(pods, workload.labels),
  );
  return hook !== undefined
    ? { revision: hook.revision }
    : "cause" in usual
      ? usual
      : { cause: namespace === undefined ? "namespace-undeclared" : "namespace-unlabelled" };
}

/** Step A with the webhooks that Istio's chart installs. */
function usualWebhookFor(
  mesh: Mesh,
  workload: Workload,
  namespace: Resource<"Namespace"> | undefined,
): { revision: string } | { cause: Cause; injected?: undefined } {
  const { labels } = workload;
  const podRevision = labels[revisionLabel];
  if (labels[injectLabel] === "false") {
    return { cause: "pod-opted-out" };
  }
  if (namespace === undefined) {
    // Only a pod that asks for a sidecar itself gets one wherever it is, unless its namespace forbids it.
    return podRevision !== undefined || labels[injectLabel] === "true"
      ? { revision: podRevision ?? "default" }
      : { cause: "namespace-undeclared", injected: undefined };
  }
  const enabled = namespace.labels[namespaceLabel];
  const revision = namespace.labels[revisionLabel];
  if (enabled !== undefined) {
    if (enabled === "enabled") {
      return { revision: "default" };
    }
    return { cause: enabled === "disabled" ? "namespace-opted-out" : "namespace-label-invalid" };
  }
  if (revision !== undefined) {
    return { revision };
  }
  if (podRevision !== undefined) {
    return { revision: podRevision };
  }
  if (labels[injectLabel] === "true") {
    return { revision: "default" };
  }
  if (
    labels[injectLabel] === undefined &&
    !ignoredNamespaces.includes(namespace.name) &&
    mesh.injectors.some((injector) => injector.enableNamespacesByDefault)
  ) {
    return { revision: "default" };
  }
  const mode = labels[ambientLabel] ?? namespace.labels[ambientLabel];
  return { cause: mode === "ambient" ? "ambient" : "namespace-unlabelled" };
}

function takenBy(selectors: LabelSelector[], labels: Record<string, string>): boolean {
  return selectors.some(
    (selector) =>
      (!isEmpty(selector.matchLabels) || (selector.matchExpressions ?? []).length > 0) &&
      matchesSelector(selector, labels),
  );
}

/** Step B: what the injector decides once its webhook is called. The first that applies wins. */
function injectorDecides(workload: Workload, injector: Injector | undefined): Injection["cause"] {
  const { labels, annotations, spec, namespace } = workload;
  if (spec.hostNetwork === true) {
    return "host-network";
  }
  if (ignoredNamespaces.includes(namespace)) {
    return "ignored-namespace";
  }
  // A label that is there wins over the annotation, even where its value is neither "true" nor "false".
  const choice = labels[injectLabel] ?? annotations[injectLabel];
  if (choice === "true" || choice === "false") {
    return choice === "true" ? "injected" : "pod-opted-out";
  }
  if (takenBy(injector?.neverInject ?? [], labels)) {
    return "never-inject";
  }
  if (takenBy(injector?.alwaysInject ?? [], labels)) {
    return "injected";
  }
  return (injector?.policy ?? true) ? "injected" : "policy-disabled";
}

/** @returns whether the pods of a workload get a sidecar. */
export function simulateInjection(mesh: Mesh, workload: Workload, options: InjectionOptions): Injection {
  const known = mesh.once("injections", () => new Map<Workload, Injection>());
  let injection = known.get(workload);
  if (injection === undefined) {
    injection = simulate(mesh, workload, options);
    known.set(workload, injection);
  }
  return injection;
}

function simulate(mesh: Mesh, workload: Workload, options: InjectionOptions): Injection {
  if (hasOwnProxy(workload)) {
    return { injected: true, cause: "own-proxy" };
  }
  if (workload.spec.hostNetwork === true) {
    return { injected: false, cause: "host-network" };
  }
  const hook = webhookFor(mesh, workload, mesh.namespace(workload.namespace));
  if (!("revision" in hook)) {
    return { injected: hook.cause === "namespace-undeclared" ? undefined : false, cause: hook.cause };
  }
  const { revision } = hook;
  if (revisionInstalled(mesh, revision, options) === false) {
    return { injected: false, cause: "revision-missing", revision };
  }
  const injector = mesh.injectors.find((one) => one.revision === revision || one.tags.includes(revision));
  const cause = injectorDecides(workload, injector);
  return { injected: cause === "injected", cause, revision };
}

/** Whether a namespace asks for sidecars. */
export function asksForSidecars(namespace: Resource<"Namespace">): boolean {
  const enabled = namespace.labels[namespaceLabel];
  return enabled === undefined ? namespace.labels[revisionLabel] !== undefined : enabled === "enabled";
}

/** Whether a namespace is in ambient mode: captured without sidecars. */
export function isAmbient(namespace: Resource<"Namespace"> | undefined): boolean {
  return namespace !== undefined && !asksForSidecars(namespace) && namespace.labels[ambientLabel] === "ambient";
}

/** Istio's components by the name and the image of a container, as its charts write them. */
const components: Readonly<Record<string, string>> = {
  discovery: "pilot",
  "install-cni": "install-cni",
  [proxyName]: "ztunnel",
  "istio-operator": "operator",
};

/** Whether the pods of a workload are a component of Istio: istiod, a gateway, the CNI plugin or ztunnel. */
export function isIstioComponent(workload: Workload): boolean {
  return (
    isGateway(workload) ||
    containersOf(workload).some(({ container: { name = "", image = "" } }) => {
      const file = image.slice(image.lastIndexOf("/") + 1).split(/[:@]/)[0];
      return components[name] !== undefined && components[name] === file;
    })
  );
}

/** Whether a Service leads to a component of Istio. */
export function isIstioService(mesh: Mesh, service: Resource<"Service">): boolean {
  const workloads = mesh.behind(service);
  if (workloads.length > 0) {
    return workloads.every(isIstioComponent);
  }
  const { istio } = service.fields.spec?.selector ?? {};
  const { labels, namespace } = service;
  const own = namespace === mesh.rootNamespace && (labels["istio"] !== undefined || labels["release"] === "istio");
  return own || /^(pilot|.*gateway)$/.test(istio ?? "");
}

/**
 * Whether the mesh holds the pods of a workload: with a sidecar, or in ambient mode; undefined where that is unknown.
 */
export function isInMesh(mesh: Mesh, workload: Workload, options: InjectionOptions): boolean | undefined {
  const { injected, cause } = simulateInjection(mesh, workload, options);
  return cause === "ambient" ? true : injected;
}
