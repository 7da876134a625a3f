import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LogFiles } from "./applicationLog";
import { echoPod } from "./echoPod";
import type { PodExtras } from "./podExtras";
import { callPortName } from "./serviceCalls";
import { ArgsCheck, isPort } from "./validation";

/** Bounds of a HorizontalPodAutoscaler. */
export interface Autoscaling {
  /** Fewest replicas. */
  min: number;
  /** Most replicas. */
  max: number;
  /** CPU use that is aimed at, in percent of the request. */
  cpuPercent: number;
}

/**
 * @returns the name of a version's Deployment, and of the Service that has its pods alone; without a version, that of
 * the service.
 */
export function versionName(service: string, version?: string): string {
  return version === undefined ? service : `${service}-${version}`;
}

/** One of several versions of a service, which share its Service and its identity. */
export interface EchoServiceVersion {
  /** Value of the label `version`, and last part of the Deployment's name. */
  version: string;
  /** Image that listens on the service's port. Default: the service's. */
  image?: pulumi.Input<string>;
  /** Arguments of the container. Default: the service's with the service's image, else the image's own. */
  args?: pulumi.Input<string>[];
  /** Environment of the container. Default: the service's. */
  env?: Record<string, pulumi.Input<string>>;
  /** Pods. Default: the service's. A number of its own switches the autoscaler off. */
  replicas?: number;
}

/** What runs behind a Service. */
export interface Workload {
  /** Name of Service, Deployment and ServiceAccount, and value of the label `app`. */
  serviceName: string;
  /** Image that listens on `port`. */
  image: pulumi.Input<string>;
  /** Arguments of the container. Default: the image's own. */
  args?: pulumi.Input<string>[];
  /** Environment of the container. Default empty. */
  env?: Record<string, pulumi.Input<string>>;
  /** Port the container listens on, and the Service's. */
  port: number;
  /** More ports of the Service, which containers of `extras` listen on; see serviceCalls.ts. Default none. */
  callPorts?: number[];
  /** Path that answers 200 when the container is up. Default: an open port is enough. */
  probePath?: string;
  /** User and group ID of the container, from 1. Default 65532. */
  user?: number;
  /** Folders that the container may write to, as absolute paths; each is empty when a pod starts. Default none. */
  writablePaths?: string[];
  /** What the application writes to files: the folder is writable, and shared with the log scraper. Default none. */
  logFiles?: LogFiles;
  /** Pods. Default 1. With `autoscaling` it is left to the autoscaler. */
  replicas?: number;
  /** Requests and limits of the application's container. */
  resources?: k8s.types.input.core.v1.ResourceRequirements;
  /** Keep this many pods through node drains (PodDisruptionBudget). Default: none is made. */
  minAvailable?: number;
  /** Spread the pods over nodes and zones. Default false. */
  spread?: boolean;
  /** Scale by CPU use. Default: a fixed number of replicas. */
  autoscaling?: Autoscaling;
  /** More containers, volumes, labels and annotations of the pods. Default none. */
  extras?: PodExtras;
}

/** Args of {@link EchoService}. */
export interface EchoServiceArgs extends Workload {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  /** Value of the label `version`. Default `v1`. */
  version?: string;
  /** Several versions, each with a Deployment of its own. Default: one, whose Deployment is named like the Service. */
  versions?: EchoServiceVersion[];
  /**
   * Each version gets a Service of its own, too, named like its Deployment: an HTTPRoute knows no subsets. Default
   * false.
   */
  versionServices?: boolean;
  /**
   * What declares the subset of each version, by its name. A version's Deployment depends on it, so that of a version
   * that goes the pods go first. While they drain, the proxies learn the routes without it: a change of routes and the
   * end of a subset in one push would leave routes that lead nowhere for a moment. Default: none.
   */
  subsets?: Readonly<Record<string, pulumi.Resource>>;
}

/** Containers that Istio's injector adds to a pod. */
export const proxyContainers: readonly string[] = ["istio-proxy", "istio-init", "istio-validation"];

/** Istio lets requests of the proxy's own user pass by the sidecar: no other container may run as it. */
const proxyUser = 1337;

/** Highest user ID that Kubernetes takes. */
const maxUser = 2 ** 31 - 1;

/** What a user ID has to be. */
export const userFix = `use a whole number from 1 to ${maxUser}, other than ${proxyUser}: that one is the sidecar's`;

/** @returns whether a container of the mesh may run as this user. */
export function isUser(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxUser && value !== proxyUser;
}

/** A small HTTP service of the mesh: ServiceAccount (its identity), Deployment and Service. */
export class EchoService extends pulumi.ComponentResource {
  /** Name of the Service. What sends it requests depends on this component, which is done when its pods are ready. */
  readonly serviceName: pulumi.Output<string>;
  /** Port of the Service. */
  readonly port: number;

  constructor(name: string, args: EchoServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:EchoService", name, {}, opts);
    validate(args, this);

    const app = args.serviceName;
    const metadata = { name: app, namespace: args.namespace };
    const selector = { app };

    const serviceAccount = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: { ...metadata, labels: selector }, automountServiceAccountToken: false },
      { parent: this },
    );
    for (const version of args.versions ?? [undefined]) {
      this.deploy(name, args, serviceAccount.metadata.name, version);
    }
    const service = this.serve(name, args);
    for (const { version } of (args.versionServices && args.versions) || []) {
      // Of several Services with the same pods, Istio names the oldest in its metrics.
      this.serve(name, args, version, service);
    }
    this.serviceName = service.metadata.name;
    this.port = args.port;
    this.registerOutputs({ serviceName: this.serviceName, port: this.port });
  }

  /** Declares the Service of all versions, or of one. */
  private serve(name: string, args: EchoServiceArgs, version?: string, after?: pulumi.Resource): k8s.core.v1.Service {
    const suffix = version === undefined ? "" : `-${version}`;
    const selector = { app: args.serviceName, ...(version !== undefined && { version }) };
    return new k8s.core.v1.Service(
      `${name}-service${suffix}`,
      {
        metadata: {
          name: versionName(args.serviceName, version),
          namespace: args.namespace,
          labels: selector,
          // The Deployment is awaited already; waiting for the endpoints of the same pods takes ten more seconds and
          // adds nothing.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        // The name of the port is how Istio knows the protocol.
        spec: {
          selector,
          ports: [
            { name: "http", port: args.port, targetPort: "http", appProtocol: "http" },
            ...(args.callPorts ?? []).map((port) => {
              const name = callPortName(port);
              return { name, port, targetPort: name, appProtocol: "http" };
            }),
          ],
        },
      },
      { parent: this, dependsOn: after },
    );
  }

  /** Declares the Deployment of one version, and what keeps its number of pods. */
  private deploy(
    name: string,
    service: EchoServiceArgs,
    serviceAccountName: pulumi.Input<string>,
    version?: EchoServiceVersion,
  ): void {
    const args = version ? withVersion(service, version) : service;
    const suffix = version ? `-${version.version}` : "";
    const metadata = { name: versionName(args.serviceName, version?.version), namespace: args.namespace };
    // Istio's metrics, Kiali's graph and the access log identify workloads by these two labels.
    const labels = { app: args.serviceName, version: args.version ?? "v1" };

    new k8s.apps.v1.Deployment(
      `${name}-deployment${suffix}`,
      {
        metadata: { ...metadata, labels },
        spec: {
          replicas: args.autoscaling ? undefined : (args.replicas ?? 1),
          selector: { matchLabels: labels },
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          // kx can build the whole Deployment, but labels its pods with `app` alone: Istio wants `version` as well.
          template: {
            metadata: { labels: { ...args.extras?.labels, ...labels }, annotations: args.extras?.annotations },
            spec: withExtras(echoPod(args, labels, serviceAccountName), args.extras),
          },
        },
      },
      { parent: this, dependsOn: version && service.subsets?.[version.version] },
    );
    if (args.minAvailable !== undefined) {
      new k8s.policy.v1.PodDisruptionBudget(
        `${name}-pdb${suffix}`,
        { metadata, spec: { minAvailable: args.minAvailable, selector: { matchLabels: labels } } },
        { parent: this },
      );
    }
    if (args.autoscaling) {
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        `${name}-hpa${suffix}`,
        { metadata, spec: autoscalerSpec(metadata.name, args.autoscaling) },
        { parent: this },
      );
    }
  }
}

/** @returns the args of a service as one of its versions has them. */
function withVersion(service: EchoServiceArgs, version: EchoServiceVersion): EchoServiceArgs {
  const { replicas = service.replicas } = version;
  const { minAvailable = 0 } = service;
  return {
    ...service,
    version: version.version,
    image: version.image ?? service.image,
    args: version.args ?? (version.image === undefined ? service.args : undefined),
    env: version.env ?? service.env,
    replicas,
    autoscaling: version.replicas === undefined ? service.autoscaling : undefined,
    // A budget that the pods could never meet blocks every node drain.
    minAvailable: (replicas ?? 1) > minAvailable ? service.minAvailable : undefined,
  };
}

/** What is no container of ours, with its volumes, is put beside it here: the pod above is made without. */
function withExtras(
  spec: pulumi.Input<k8s.types.input.core.v1.PodSpec>,
  extras: PodExtras = {},
): pulumi.Input<k8s.types.input.core.v1.PodSpec> {
  const containers = (extras.containers ?? []) as k8s.types.input.core.v1.Container[];
  const volumes = (extras.volumes ?? []) as k8s.types.input.core.v1.Volume[];
  return containers.length + volumes.length === 0
    ? spec
    : pulumi.all([spec, containers, volumes]).apply(([own, moreContainers, moreVolumes]) => ({
        ...own,
        containers: [...own.containers, ...moreContainers],
        volumes: [...(own.volumes ?? []), ...moreVolumes],
      }));
}

function autoscalerSpec(deployment: string, { min, max, cpuPercent }: Autoscaling) {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
    minReplicas: min,
    maxReplicas: max,
    metrics: [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpuPercent } } },
    ],
  };
}

function validate(args: EchoServiceArgs, resource: pulumi.Resource): void {
  const { replicas = 1, autoscaling } = args;
  const others = [...proxyContainers, ...(args.extras?.containers ?? []).map(({ name }) => name as unknown)];
  const check = new ArgsCheck("EchoService")
    .requireDnsLabel("serviceName", args.serviceName)
    .require(
      !others.includes(args.serviceName),
      "serviceName",
      args.serviceName,
      "another container of its pods has this name; choose another name",
    )
    .require(isPort(args.port), "port", args.port, "use a whole number from 1 to 65535")
    .require(Number.isInteger(replicas) && replicas >= 0, "replicas", args.replicas, "use a whole number, 0 or more")
    .require(args.user === undefined || isUser(args.user), "user", args.user, userFix);
  args.versions?.forEach(({ version }, i) => {
    check.requireDnsLabel(`versions[${i}].version`, version);
    const first = args.versions!.findIndex((other) => other.version === version);
    check.require(first === i, `versions[${i}].version`, version, "another version has this name; give each its own");
  });
  if (autoscaling) {
    check.require(
      autoscaling.min >= 1 && autoscaling.max >= autoscaling.min,
      "autoscaling",
      autoscaling,
      "use min of at least 1 and max of at least min",
    );
  }
  check.done(resource);
}
