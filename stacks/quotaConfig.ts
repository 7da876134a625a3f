import { proxyContainers, versionName } from "../components/echoService";
import { defaultSidecarResources } from "../components/istioValues";
import { loadGeneratorName, senderName } from "../components/loadGenerator";
import { rotatorResources } from "../components/logScraper";
import { calledServices } from "../components/lostConnections";
import type { Resources } from "../components/observability/backend";
import { callerResources } from "../components/serviceCalls";
import type { StackConfig } from "./config";
import type { Notes } from "./configReader";
import { calleesByCaller } from "./edges";
import { amountOf } from "./resourcesConfig";
import type { ServiceConfig } from "./servicesConfig";

/** Pods of one workload of the services' namespace. */
export interface PlannedPods {
  /** Name of the workload. */
  workload: string;
  /** Most pods at once: those that it runs with, and one more while a rollout replaces them. */
  pods: number;
  /** Requests and limits of each container, by the container's name. */
  containers: Record<string, Resources>;
}

/** Resources as config and profiles hold them: no output in them. */
interface PlainResources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

type Planned = Pick<StackConfig, "load" | "namespace" | "observability" | "profile" | "services">;

/** Pods that a rollout adds to a Deployment before it removes others. */
const surge = 1;

/** @returns the pods that the stack runs in the services' namespace. */
export function plannedPods(config: Planned): PlannedPods[] {
  const { load, services } = config;
  const others = otherContainers(config);
  const workloads = services.flatMap((service) => {
    const { serviceName, replicas = 1, autoscaling, resources = {}, versions } = service;
    return (versions ?? [undefined]).map((version) => ({
      workload: versionName(serviceName, version?.version),
      pods: (version?.replicas ?? autoscaling?.min ?? replicas) + surge,
      containers: { [serviceName]: resources, ...others(service) },
    }));
  });
  const paths = services.flatMap(({ serviceName, path, calls }) => [
    ...(path === undefined ? [] : [serviceName]),
    ...calls.map((_, i) => `${i + 1}-${serviceName}`),
  ]);
  const sidecar = sidecarResources(config.profile.istio.sidecarResources);
  return load && paths.length > 0
    ? [
        ...workloads,
        {
          workload: loadGeneratorName,
          pods: 1 + surge,
          containers: { ...senders(load, paths), "istio-proxy": sidecar, "istio-init": sidecar },
        },
      ]
    : workloads;
}

function senders(load: StackConfig["load"], names: readonly string[]): Record<string, Resources> {
  return Object.fromEntries(load ? names.map((name) => [senderName(name), load.resources]) : []);
}

/** @returns what gives, for a service, the containers of its pods besides the application's own. */
function otherContainers({ load, namespace, observability, profile, services }: Planned) {
  const sidecar = sidecarResources(profile.istio.sidecarResources);
  const scraper: Record<string, Resources> =
    observability.logs.kind === "none"
      ? {}
      : { "log-scraper": profile.observability.logScraper, "log-rotator": rotatorResources };
  const callees = calleesByCaller(services, namespace);
  return ({ serviceName, calls, logFiles }: ServiceConfig): Record<string, Resources> => ({
    ...{ "istio-proxy": sidecar, "istio-init": sidecar },
    ...scraper,
    ...(logFiles && { "application-log-rotator": rotatorResources }),
    ...(calls.length > 0 && { caller: callerResources }),
    ...senders(load, callees.get(serviceName) ?? []),
  });
}

/** Notes every service after which a container would be named as another one of its pods is. */
export function rejectTwinContainers(notes: Notes, config: Planned): void {
  const others = otherContainers(config);
  config.services.forEach((service, i) => {
    const { serviceName } = service;
    if ([...proxyContainers, ...Object.keys(others(service))].includes(serviceName)) {
      const fix = "another container of its pods has this name; choose another name";
      notes.problem(`services[${i}].name`, serviceName, fix);
    }
  });
}

/** The chart lays what the profile says over its own defaults. */
function sidecarResources(profile: Resources): Resources {
  const { requests, limits } = profile as PlainResources;
  return {
    requests: { ...defaultSidecarResources.requests, ...requests },
    limits: { ...defaultSidecarResources.limits, ...limits },
  };
}

/** How a ResourceQuota calls what a container asks for. */
const computeResource = /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/;

/**
 * @returns what a container asks for of a resource; as Kubernetes has it, a limit without a request stands for both.
 */
function asked(container: Resources, kind: "requests" | "limits", resource: string): number | undefined {
  const { requests, limits } = container as PlainResources;
  return amountOf(kind === "limits" ? limits?.[resource] : (requests?.[resource] ?? limits?.[resource]));
}

/** ConfigMaps that Kubernetes and istiod put into every namespace: kube-root-ca.crt and istio-ca-root-cert. */
const configMapsOfCluster = 2;

/** @returns how many objects the stack has in the services' namespace, by how a quota calls them after `count/`. */
export function plannedObjects(
  { services, gateway, observability }: Pick<StackConfig, "services" | "gateway" | "observability">,
  pods: readonly PlannedPods[],
): Record<string, number> {
  const hasLoad = pods.some(({ workload }) => workload === loadGeneratorName);
  return {
    pods: pods.reduce((sum, one) => sum + one.pods, 0),
    services: calledServices(services, gateway.ingressApi).length,
    configmaps: configMapsOfCluster + (observability.logs.kind === "none" ? 0 : 1),
    // The namespace has an account `default` of its own.
    serviceaccounts: services.length + 1 + (hasLoad ? 1 : 0),
    "deployments.apps": pods.length,
    // A rollout makes another one.
    "replicasets.apps": 2 * pods.length,
  };
}

/** @returns the containers that set nothing of a resource. */
function silentContainers(pods: readonly PlannedPods[], kind: "requests" | "limits", resource: string): string[] {
  return pods.flatMap(({ workload, containers }) =>
    Object.entries(containers).flatMap(([container, resources]) =>
      asked(resources, kind, resource) === undefined ? [`${container} of ${workload}`] : [],
    ),
  );
}

/**
 * Notes every entry of a quota under which the stack's own pods could not start: it is less than they need, or it
 * counts what a container does not set, for which Kubernetes refuses the pod. The init container of a pod is done
 * before the others start, so that it counts no more than the sidecar. Of objects there is no fraction.
 */
export function rejectSmallQuota(
  notes: Notes,
  quota: Readonly<Record<string, string>>,
  pods: readonly PlannedPods[],
  counted: Readonly<Record<string, number>>,
): void {
  for (const [name, amount] of Object.entries(quota)) {
    const key = `resourceQuota.${name}`;
    const most = amountOf(amount)!;
    const [, kind = "requests", resource] = computeResource.exec(name) ?? [];
    const of = kind as "requests" | "limits";
    const silent = resource === undefined ? [] : silentContainers(pods, of, resource);
    if (silent.length > 0) {
      const others = silent.length > 1 ? ` and ${silent.length - 1} more` : "";
      notes.problem(
        key,
        amount,
        `Kubernetes refuses pods that leave this open, and container ${silent[0]}${others} sets no ${resource} ` +
          `in ${kind}; remove this entry${name === "limits.cpu" ? ", or use requests.cpu" : ""}`,
      );
      continue;
    }
    const need =
      resource === undefined
        ? (counted[name.replace(/^count\//, "")] ?? 0)
        : pods.reduce((sum, one) => sum + one.pods * ofPod(one, of, resource), 0);
    if (most < need) {
      notes.problem(key, amount, `the stack itself needs ${needed(name, need, resource)}; use that or more`);
    } else if (resource === undefined && name !== "requests.storage" && !Number.isInteger(most)) {
      notes.problem(key, amount, "use a whole number");
    }
  }
}

/** @returns what is needed, in the usual unit, and for what there is more than one may think. */
function needed(name: string, need: number, resource?: string): string {
  const shown = resource === "cpu" ? `${Math.ceil(need * 1000)}m` : resource ? `${Math.ceil(need / 2 ** 20)}Mi` : need;
  const isRolledOut = resource !== undefined || /pods$|^count\/replicasets/.test(name);
  return `${shown}${isRolledOut ? ", with one more pod of each Deployment while it is rolled out" : ""}`;
}

function ofPod({ containers }: PlannedPods, kind: "requests" | "limits", resource: string): number {
  return Object.entries(containers).reduce(
    (sum, [name, container]) => sum + (name === "istio-init" ? 0 : asked(container, kind, resource)!),
    0,
  );
}
