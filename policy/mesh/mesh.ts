/** The declared mesh: every resource that the rules read, indexed once so that each question about it is a look-up. */
import { gatewayNameLabel, proxyName, revisionLabel, systemNamespace } from "./names";
import { exportScopes, fqdn, hostsMatch, serviceOf } from "./hosts";
import { anotherController, hostsMadeBy, isUnjudged, operatorOf, resourcesMadeBy, secretsMadeBy } from "./producers";
import { injectorOf, unknownMeshConfig, type Injector } from "./helm";
import { fullName, type Resource } from "./resource";
import { isEmpty, selects } from "./selectors";
import { templatesOf } from "./templates";
import { type Fields, type Of, type ShapeName, type shapes } from "./shapes";
import { parse } from "./yaml";
import { known, lateFields, merge, UnknownValue } from "./unknown";

/** The fields of a pod. */
export type PodSpec = Of<(typeof shapes)["Pod"]["spec"]>;
/** A container of a pod. */
export type Container = NonNullable<PodSpec["containers"]>[number];

/** Something that makes pods. */
export interface Workload {
  resource: Resource;
  namespace: string;
  /** The labels and annotations that its pods get. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: PodSpec;
  /** Where the pod's metadata and spec stand in the resource: `spec.template.` for a Deployment, nothing for a Pod. */
  prefix: string;
  /** What a standard installation of Istio would have: a gateway that nothing here declares. */
  assumed?: true;
}

/** What answers to a host: a Service, or a ServiceEntry. */
export interface Host {
  resource: Resource;
  name: string;
  /** Its ports; undefined where another controller makes it and chooses them. */
  ports: { number: number; name: string; protocol?: string; appProtocol?: string }[] | undefined;
  /** The namespaces that see it, `*` for all. */
  scopes: string[];
}

/** What the mesh is built from. */
export interface MeshInput {
  resources: Resource[];
  injectors?: Injector[];
  meshConfig?: Record<string, unknown>;
  /** Whether Istio's CNI plugin is installed. */
  cni?: boolean;
  /** Namespaces into which charts of unknown content install. */
  opaqueNamespaces?: string[];
  /** Kinds of which some resource has a name or a namespace that is not known yet. */
  namelessKinds?: string[];
  /** Whether there may be workloads that are not known yet. */
  unknownWorkloads?: boolean;
  /** Whether resources come with their dependencies. */
  ordered?: boolean;
}

const defaultGatewayPorts = [15021, 80, 443, 31400, 15443];

function append<K, V>(index: Map<K, V[]>, key: K, value: V): void {
  const list = index.get(key);
  if (list === undefined) {
    index.set(key, [value]);
  } else {
    list.push(value);
  }
}

/** Runs something that may read a value that is not known yet; returns whether it completed. */
function completes(action: () => void): boolean {
  return (
    known(() => {
      action();
      return true;
    }) === true
  );
}

/** The pods that a resource makes; none for most. What is not known yet of them throws when it is read. */
function workloadsOf(resource: Resource): Workload[] {
  const namespace = (): string => resource.namespace;
  if (resource.shape === "Pod") {
    return [
      lateFields<Workload>({
        resource: () => resource,
        namespace,
        labels: () => resource.labels,
        annotations: () => resource.annotations,
        spec: () => (resource.fields as Fields<"Pod">).spec ?? {},
        prefix: () => "",
      }),
    ];
  }
  return templatesOf(resource).map((one) =>
    lateFields<Workload>({
      resource: () => resource,
      namespace,
      labels: () => one.template.metadata?.labels ?? {},
      annotations: () => one.template.metadata?.annotations ?? {},
      spec: () => one.template.spec ?? {},
      prefix: () => one.prefix,
    }),
  );
}

/** Every container of a pod, with the field that holds it. */
export function containersOf(workload: Workload): { container: Container; field: string; init: boolean }[] {
  const { spec, prefix } = workload;
  const of = (list: Container[] | undefined, name: string, init: boolean) =>
    (list ?? []).map((container, i) => ({ container, field: `${prefix}spec.${name}[${i}]`, init }));
  return [...of(spec.containers, "containers", false), ...of(spec.initContainers, "initContainers", true)];
}

/**
 * Whether a container of the proxy's name is the proxy, by its image or its arguments, and no application of that name.
 */
export function isProxy(container: Container): boolean {
  if (container.name !== proxyName) {
    return false;
  }
  const { image = "auto", args } = container;
  const file = image.slice(image.lastIndexOf("/") + 1);
  return (
    image === "auto" ||
    /proxy|envoy|pilot|istio/i.test(file) ||
    /"(proxy|router|sidecar)"/.test(JSON.stringify(args) ?? "")
  );
}

/** Whether a pod brings its proxy along instead of having it injected. */
export function hasOwnProxy(workload: Workload): boolean {
  return containersOf(workload).some(
    ({ container }) => isProxy(container) && ![undefined, "", "auto"].includes(container.image),
  );
}

/** Whether the pods of a workload are gateways: proxies without an application. */
export function isGateway(workload: Workload): boolean {
  const { containers = [] } = workload.spec;
  return workload.assumed === true || (containers.length > 0 && containers.every(isProxy));
}

/** The declared mesh. */
export class Mesh {
  readonly namespaces: Resource<"Namespace">[];
  readonly services: Resource<"Service">[];
  readonly virtualServices: Resource<"VirtualService">[];
  readonly destinationRules: Resource<"DestinationRule">[];
  readonly gateways: Resource<"Gateway">[];
  readonly serviceEntries: Resource<"ServiceEntry">[];
  readonly workloads: Workload[] = [];
  readonly injectors: Injector[];
  readonly meshConfig: Record<string, unknown>;
  /** Whether the input holds the mesh configuration, as a ConfigMap, as values of the chart or as a setting. */
  readonly hasMeshConfig: boolean;
  readonly cni: boolean;
  readonly ordered: boolean;
  readonly resources: Resource[];
  /** Objects that manifests declare more than once, without the last one, which stays. */
  readonly repeated: Resource[] = [];
  /** Custom resources whose controllers create unknown objects. */
  readonly unjudged: Resource[];

  private readonly shapes = new Map<ShapeName, Resource[]>();
  private readonly named = new Map<string, Resource>();
  private readonly namelessKinds: Set<string>;
  private readonly opaqueNamespaces: Set<string>;
  private readonly hosts = new Map<string, Host[]>();
  private readonly wildcardHosts: Host[] = [];
  private readonly workloadsByLabel = new Map<string, Workload[]>();
  private readonly workloadsByNamespace = new Map<string, Workload[]>();
  private readonly servicesByLabel = new Map<string, Resource<"Service">[]>();
  private readonly rulesByHost = new Map<string, Resource<"DestinationRule">[]>();
  private readonly urns = new Map<string, Resource>();
  private readonly memo = new Map<string, unknown>();
  private readonly made = new Map<Resource, Workload[]>();
  private readonly madeSecrets = new Set<string>();
  private readonly unjudgedNamespaces = new Set<string>();
  private readonly installed: boolean;
  private unknownWorkloads: boolean;
  private unknownServices = false;
  private unknownRules = false;
  private unknownSecrets = false;

  constructor(input: MeshInput) {
    this.resources = this.lastOfEach(input.resources).flatMap((one) => [one, ...this.madeBy(one)]);
    this.namelessKinds = new Set(input.namelessKinds);
    this.unknownWorkloads = input.unknownWorkloads ?? false;
    this.opaqueNamespaces = new Set(input.opaqueNamespaces);
    this.cni = input.cni ?? false;
    this.ordered = input.ordered ?? false;
    this.installed = (input.injectors ?? []).length > 0;
    for (const resource of this.resources) {
      if (resource.shape !== undefined) {
        append(this.shapes, resource.shape, resource);
      }
      if (resource.urn !== undefined) {
        this.urns.set(resource.urn, resource);
      }
      known(() => {
        const key = `${resource.kind}.${resource.group} ${fullName(resource)}`;
        if (!this.named.has(key)) {
          this.named.set(key, resource);
        }
      });
    }
    this.unjudged = this.resources.filter((resource) => this.note(resource));
    this.namespaces = this.of("Namespace");
    this.services = this.of("Service");
    this.virtualServices = this.of("VirtualService");
    this.destinationRules = this.of("DestinationRule");
    this.gateways = this.of("Gateway");
    this.serviceEntries = this.of("ServiceEntry");
    this.meshConfig = merge(this.declaredMeshConfig(), input.meshConfig);
    this.hasMeshConfig = this.installed || Object.keys(this.meshConfig).length > 0;
    this.injectors = [...(input.injectors ?? []), ...this.declaredInjectors()];
    this.indexWorkloads();
    this.unjudged = this.unjudged.filter((resource) => !this.made.has(resource));
    this.unjudged.forEach((one) => this.unjudgedNamespaces.add(known(() => one.namespace) ?? "*"));
    this.indexServices();
    for (const rule of this.destinationRules) {
      const complete = completes(() =>
        append(this.rulesByHost, fqdn(rule.fields.spec?.host ?? "", rule.namespace), rule),
      );
      this.unknownRules ||= !complete;
    }
  }

  /** All resources of a shape. */
  of<S extends ShapeName>(shape: S): Resource<S>[] {
    return (this.shapes.get(shape) ?? []) as Resource<S>[];
  }

  /** The pods that a resource makes, where all of their metadata is known. */
  workloadsOf(resource: Resource): readonly Workload[] {
    return this.made.get(resource) ?? [];
  }

  /** Whether another controller writes a Secret. */
  isSecretMade(namespace: string, name: string): boolean {
    const made = this.madeSecrets.has(`${namespace}/${name}`);
    if (!made && this.unknownSecrets) {
      throw new UnknownValue("the name of a Secret that another controller writes");
    }
    return made;
  }

  /** The namespaces that have a Secret of a name, declared or written by another controller. */
  namespacesOfSecret(name: string): string[] {
    const declared = this.of("Secret").filter((secret) => secret.name === name);
    const made = [...this.madeSecrets].filter((one) => one.endsWith(`/${name}`));
    return [...declared.map(({ namespace }) => namespace), ...made.map((one) => one.slice(0, one.indexOf("/")))];
  }

  /** Whether a custom resource of a namespace may make what is not declared there: its controller is not known here. */
  mayBeMade(namespace: string): boolean {
    return this.unjudgedNamespaces.has(namespace) || this.unjudgedNamespaces.has("*") || this.isOpaque(namespace);
  }

  /** Keeps the last of the objects that manifests declare more than once, as applying all of them does. */
  private lastOfEach(resources: Resource[]): Resource[] {
    const last = new Map<string, Resource>();
    for (const resource of resources) {
      if (resource.origin !== undefined && resource.name !== "") {
        last.set(`${resource.kind}.${resource.group} ${fullName(resource)}`, resource);
      }
    }
    return resources.filter((resource) => {
      if (resource.origin === undefined) {
        return true;
      }
      const stays = last.get(`${resource.kind}.${resource.group} ${fullName(resource)}`) ?? resource;
      if (stays !== resource) {
        this.repeated.push(resource);
      }
      return stays === resource;
    });
  }

  private madeBy(resource: Resource): Resource[] {
    const made = known(() => resourcesMadeBy(resource));
    this.unknownWorkloads ||= made === undefined;
    return made ?? [];
  }

  /** Records what a custom resource makes; returns whether that is unknown. */
  private note(resource: Resource): boolean {
    if (resource.group === "") {
      return false;
    }
    const secrets = completes(() =>
      secretsMadeBy(resource).forEach((name) => this.madeSecrets.add(`${resource.namespace}/${name}`)),
    );
    this.unknownSecrets ||= !secrets;
    const hosts = completes(() => {
      for (const name of hostsMadeBy(resource)) {
        this.addHost({ resource, name, ports: undefined, scopes: ["*"] });
      }
    });
    this.unknownServices ||= !hosts;
    return isUnjudged(resource);
  }

  /** Whether the input declares Services or ServiceEntries, beside what other controllers make. */
  get declaresHosts(): boolean {
    return this.serviceEntries.length > 0 || this.services.some(({ installedBy }) => installedBy !== anotherController);
  }

  /** Computes a value once and keeps it, for all rules that need it. */
  once<T>(name: string, compute: () => T): T {
    if (!this.memo.has(name)) {
      this.memo.set(name, compute());
    }
    return this.memo.get(name) as T;
  }

  /** The resource of a kind and group with a name. */
  find(kind: string, group: string, namespace: string, name: string): Resource | undefined {
    const resource = this.named.get(`${kind}.${group} ${namespace}/${name}`);
    if (resource === undefined && this.namelessKinds.has(kind)) {
      throw new UnknownValue(`the name of a ${kind}`);
    }
    return resource;
  }

  namespace(name: string): Resource<"Namespace"> | undefined {
    return this.find("Namespace", "", "", name) as Resource<"Namespace"> | undefined;
  }

  /** A Gateway of Istio's own API. */
  istioGateway(namespace: string, name: string): Resource<"Gateway"> | undefined {
    return this.find("Gateway", "networking.istio.io", namespace, name) as Resource<"Gateway"> | undefined;
  }

  byUrn(urn: string): Resource | undefined {
    return this.urns.get(urn);
  }

  /** The namespace whose policies hold for the whole mesh. */
  get rootNamespace(): string {
    const root = this.meshConfig["rootNamespace"];
    return typeof root === "string" && root !== "" ? root : systemNamespace;
  }

  /** Whether a chart of unknown content installs into the namespace, so that anything may be there. */
  isOpaque(namespace: string): boolean {
    return this.opaqueNamespaces.has(namespace) || this.opaqueNamespaces.has("*");
  }

  private declaredMeshConfig(): Record<string, unknown> {
    let unknowns = this.namelessKinds.has("ConfigMap");
    for (const map of this.of("ConfigMap")) {
      if (!/^istio(-[\w-]+)?$/.test(map.name)) {
        continue;
      }
      const data = known(() => [map.fields.data?.["mesh"]]);
      unknowns ||= data === undefined;
      const [text] = data ?? [];
      const parsed = text === undefined ? undefined : parse(text);
      if (parsed !== undefined && "value" in parsed && typeof parsed.value === "object" && parsed.value !== null) {
        return parsed.value as Record<string, unknown>;
      }
    }
    const [operator] = this.operators();
    return operator?.meshConfig ?? (unknowns ? unknownMeshConfig() : {});
  }

  private operators(): NonNullable<ReturnType<typeof operatorOf>>[] {
    return this.once("operators", () => this.resources.flatMap((resource) => known(() => operatorOf(resource)) ?? []));
  }

  /** Injectors that are declared as webhooks and configuration maps rather than through the chart. */
  private declaredInjectors(): Injector[] {
    const injectors = new Map<string, Injector>();
    const add = (revision: string, namespace: string, values: Record<string, unknown>): Injector => {
      const release = { chart: "istiod", name: "istiod", namespace, values: { ...values, revision } };
      const injector = injectors.get(revision) ?? injectorOf(release);
      injectors.set(revision, injector);
      return injector;
    };
    const root = known(() => this.rootNamespace) ?? systemNamespace;
    for (const map of this.of("ConfigMap")) {
      const revision = /^istio-sidecar-injector(?:-(.+))?$/.exec(map.name);
      if (revision === null) {
        continue;
      }
      const values = parse(known(() => map.fields.data?.["values"]) ?? "");
      add(
        revision[1] ?? "",
        known(() => map.namespace) ?? root,
        "value" in values ? ((values.value ?? {}) as Record<string, unknown>) : {},
      );
    }
    for (const hook of this.of("Webhooks")) {
      const labels = known(() => ({ revision: hook.labels[revisionLabel], tag: hook.labels["istio.io/tag"] })) ?? {};
      const { revision, tag } = labels as { revision?: string; tag?: string };
      if (hook.kind === "MutatingWebhookConfiguration" && hook.name.startsWith("istio-") && revision !== undefined) {
        const injector = add(revision === "default" ? "" : revision, root, {});
        if (tag !== undefined) {
          injector.tags.push(tag);
        }
      }
    }
    this.operators().forEach(({ revision, values }) => add(revision, root, values));
    return [...injectors.values()];
  }

  private indexWorkloads(): void {
    const custom = this.resources.filter((one) => isUnjudged(one) || one.kind === "PodTemplate");
    for (const resource of [...this.of("Pod"), ...this.of("Workload"), ...this.of("CronJob"), ...custom]) {
      const workloads = known(() => workloadsOf(resource));
      this.unknownWorkloads ||= workloads === undefined;
      workloads?.forEach((workload) => this.indexWorkload(workload));
    }
    // Where Istio or one of its gateways is declared, all gateways are; elsewhere those of a standard installation are
    // taken to be there.
    const gateways = this.workloads.map((one) =>
      known(() => isGateway(one) && one.labels[gatewayNameLabel] === undefined),
    );
    if (!this.installed && !gateways.includes(true)) {
      // One whose containers are not known yet may be the gateway.
      this.unknownWorkloads ||= gateways.includes(undefined);
      for (const name of ["ingressgateway", "egressgateway", "eastwestgateway"]) {
        const gateway = assumedGateway(name, { istio: name, app: `istio-${name}` });
        const { resource, namespace } = gateway;
        if (!this.unknownWorkloads) {
          this.indexWorkload(gateway);
        }
        this.addHost({ resource, name: fqdn(resource.name, namespace), ports: undefined, scopes: ["*"] });
      }
    }
  }

  private indexWorkload(workload: Workload): void {
    this.workloads.push(workload);
    append(this.made, workload.resource, workload);
    const complete = completes(() => {
      const { namespace } = workload;
      append(this.workloadsByNamespace, namespace, workload);
      for (const [key, value] of Object.entries(workload.labels)) {
        append(this.workloadsByLabel, `${namespace} ${key}=${value}`, workload);
        append(this.workloadsByLabel, `* ${key}=${value}`, workload);
      }
    });
    this.unknownWorkloads ||= !complete;
  }

  private indexServices(): void {
    for (const service of this.services) {
      const complete = completes(() => {
        const { selector, ports } = service.fields.spec ?? {};
        for (const pair of Object.entries(selector ?? {}).slice(0, 1)) {
          append(this.servicesByLabel, `${service.namespace} ${pair.join("=")}`, service);
        }
        this.addHost({
          resource: service,
          name: fqdn(service.name, service.namespace),
          ports: (ports ?? []).map(({ port = 0, name = "", ...rest }) => ({ ...rest, number: port, name })),
          scopes: exportScopes(
            service.annotations["networking.istio.io/exportTo"]?.split(",").map((scope) => scope.trim()),
            service.namespace,
          ),
        });
      });
      this.unknownServices ||= !complete;
    }
    for (const entry of this.serviceEntries) {
      const complete = completes(() => {
        const { hosts = [], ports = [], exportTo } = entry.fields.spec ?? {};
        const scopes = exportScopes(exportTo, entry.namespace);
        for (const host of hosts) {
          this.addHost({
            resource: entry,
            name: fqdn(host, entry.namespace),
            ports: ports.map(({ number = 0, name = "", protocol = "" }) => ({ number, name, appProtocol: protocol })),
            scopes,
          });
        }
      });
      this.unknownServices ||= !complete;
    }
  }

  private addHost(host: Host): void {
    append(this.hosts, host.name, host);
    if (host.name.startsWith("*")) {
      this.wildcardHosts.push(host);
    }
  }

  /** What answers to a host that a resource of a namespace names, among what that namespace can see. */
  host(name: string, namespace: string): Host | undefined {
    const full = fqdn(name, namespace);
    const visible = ({ scopes }: Host): boolean => scopes.includes("*") || scopes.includes(namespace);
    const host =
      this.hosts.get(full)?.find(visible) ??
      this.wildcardHosts.find((wild) => visible(wild) && full.replace(/^\*/, "").endsWith(wild.name.slice(1))) ??
      (full.startsWith("*") ? this.firstMatching(full) : undefined);
    if (host === undefined) {
      this.requireKnownServices();
    }
    return host;
  }

  /**
   * Stops where a Service or ServiceEntry may be the one that is not found, as its name, host or selector is not known
   * yet.
   */
  requireKnownServices(): void {
    if (this.unknownServices || this.namelessKinds.has("Service")) {
      throw new UnknownValue("a host of a Service or ServiceEntry");
    }
  }

  private firstMatching(wildcard: string): Host | undefined {
    for (const [name, [host]] of this.hosts) {
      if (hostsMatch(wildcard, name)) {
        return host;
      }
    }
    return undefined;
  }

  /** The Service that a host names, where it names one that is declared. */
  service(name: string, namespace: string): Resource<"Service"> | undefined {
    const service = serviceOf(fqdn(name, namespace));
    return service && (this.find("Service", "", service.namespace, service.name) as Resource<"Service"> | undefined);
  }

  /** The DestinationRules for a host, by its full name. */
  rulesFor(name: string, namespace: string): Resource<"DestinationRule">[] {
    return this.rulesByHost.get(fqdn(name, namespace)) ?? [];
  }

  /** Stops where a DestinationRule may be for a host that none is seen for, as its host is not known yet. */
  requireKnownRules(): void {
    if (this.unknownRules) {
      throw new UnknownValue("the host of a DestinationRule");
    }
  }

  /**
   * The DestinationRules for a full host, those with a wildcard that takes it included; the most specific comes first.
   */
  rulesMatching(host: string): Resource<"DestinationRule">[] {
    const wild = this.once("DestinationRules with a wildcard", () =>
      [...this.rulesByHost].filter(([name]) => name.startsWith("*")).sort(([a], [b]) => b.length - a.length),
    );
    const matching = wild.filter(([name]) => name !== host && hostsMatch(name, host)).flatMap(([, rules]) => rules);
    return [...(this.rulesByHost.get(host) ?? []), ...matching];
  }

  /**
   * The workloads that a selector takes.
   *
   * @param selector Empty for all.
   * @param namespace Where to look; undefined for everywhere.
   */
  selectedBy(selector: Record<string, string> | undefined, namespace?: string): Workload[] {
    if (isEmpty(selector)) {
      const all = namespace === undefined ? this.workloads : (this.workloadsByNamespace.get(namespace) ?? []);
      if (all.length === 0 && this.unknownWorkloads) {
        throw new UnknownValue("the namespace or the labels of a workload");
      }
      return all;
    }
    let smallest: Workload[] | undefined;
    for (const [key, value] of Object.entries(selector!)) {
      const list = this.workloadsByLabel.get(`${namespace ?? "*"} ${key}=${value}`) ?? [];
      if (smallest === undefined || list.length < smallest.length) {
        smallest = list;
      }
    }
    const found = smallest!.filter(({ labels }) => selects(selector, labels));
    if (found.length === 0 && this.unknownWorkloads) {
      throw new UnknownValue("the labels of a workload");
    }
    return found;
  }

  /** The Services whose selector takes the workload's pods. */
  servicesOf(workload: Workload): Resource<"Service">[] {
    if (workload.assumed) {
      return [];
    }
    return Object.entries(workload.labels).flatMap(([key, value]) =>
      (this.servicesByLabel.get(`${workload.namespace} ${key}=${value}`) ?? []).filter(
        (service) =>
          service.namespace === workload.namespace && selects(service.fields.spec?.selector, workload.labels),
      ),
    );
  }

  /** The workloads behind a Service. */
  behind(service: Resource<"Service">): Workload[] {
    const selector = service.fields.spec?.selector;
    return isEmpty(selector) ? [] : this.selectedBy(selector, service.namespace);
  }
}

/** The gateway that a standard installation has. */
function assumedGateway(name: string, labels: Record<string, string>): Workload {
  const resource: Resource = {
    kind: "Deployment",
    group: "apps",
    version: "v1",
    shape: "Workload",
    name: `istio-${name}`,
    declaredNamespace: systemNamespace,
    namespace: systemNamespace,
    labels,
    annotations: {},
    fields: {},
    misfits: [],
    dependencies: [],
    installedBy: "a standard installation",
  };
  const ports = defaultGatewayPorts.map((containerPort) => ({ containerPort }));
  return {
    resource,
    namespace: systemNamespace,
    labels,
    annotations: {},
    spec: { containers: [{ name: proxyName, ports }] },
    prefix: "spec.template.",
    assumed: true,
  };
}
