import type * as k8s from "@pulumi/kubernetes";
import { spreadOverNodesAndZones } from "./spread";
import type { AnyObject } from "./validation";

type Resources = k8s.types.input.core.v1.ResourceRequirements;

/** Namespaces of the control plane and of the gateways, unless args name others. */
export const istioNamespaces = { system: "istio-system", gateway: "istio-ingress" } as const;

/** A gateway: the value of the label `istio` on its pods. */
export type GatewayKind = "ingressgateway" | "egressgateway";

/** The gateway that requests from outside of the cluster come through. */
export const ingressGateway: GatewayKind = "ingressgateway";

/** @returns the name of a gateway's release, after which the chart names its Service and its service account. */
export function gatewayName(kind: GatewayKind): string {
  return `istio-${kind}`;
}

/** How a Deployment of Istio's is scaled. */
export interface Scaling {
  /** Pods, or the fewest of them where `max` is higher. */
  replicas: number;
  /** Most pods. Default: `replicas`, and no autoscaler is made. */
  max?: number;
  /** Spread the pods over nodes and zones. Default false. */
  spread?: boolean;
}

/** References of Istio's images that are not `hub/name:tag`, for example with a digest. */
export interface IstioImages {
  /** Image of istiod. */
  pilot?: string;
  /** Image of sidecars, gateways and the pods' init container. */
  proxy?: string;
  /** Image of istio-cni. */
  cni?: string;
}

/** Folders of the nodes that istio-cni writes to. */
export interface CniFolders {
  /** Of the plugin's binary. */
  bin?: string;
  /** Of its configuration. */
  conf?: string;
}

/** What the charts' defaults can be changed to; everything else stays as Istio ships it. */
export interface ControlPlaneArgs {
  /** Registry and path of Istio's images. Default: Istio's own. */
  hub?: string;
  /** Tag of Istio's images. Default: the version of the charts. */
  tag?: string;
  /** Images of another name, tag or digest. Default: those of `hub` and `tag`. */
  images?: IstioImages;
  /** Revision of this control plane. Default: none, it is the default one. */
  revision?: string;
  /** Istio's own MeshConfig, merged over ours. */
  meshConfig?: AnyObject;
  /** Requests and limits of istiod. Default: the chart's. */
  istiodResources?: Resources;
  /** Requests and limits of every sidecar. Default: the chart's. */
  sidecarResources?: Resources;
  /** Scaling of istiod. Default: one pod. */
  istiodScaling?: Scaling;
  /** Environment of istiod. Default empty. */
  istiodEnv?: Record<string, string>;
  /** False leaves out Istio's own metrics filter, for proxies that lack it. Default true. */
  telemetryFilter?: boolean;
  /**
   * A node agent (istio-cni) redirects the pods' traffic, so that no pod needs rights for it. Default false: an init
   * container does.
   */
  cni?: boolean;
  /** Folders of the nodes that the node agent writes to. Default: the chart's, which are most clusters'. */
  cniFolders?: CniFolders;
  /** Where sidecars let requests go that are for no registered host. Default `ALLOW_ANY`: anywhere. */
  outboundTraffic?: OutboundTraffic;
  /** Gateways know the Services that their routes lead to. Default false: each knows every Service of the cluster. */
  filterGatewayClusters?: boolean;
}

/** {@link ControlPlaneArgs} with a value for each that has to have one. */
export type ControlPlaneSettings = ControlPlaneArgs &
  Required<Pick<ControlPlaneArgs, "hub" | "tag" | "istiodResources" | "sidecarResources" | "istiodScaling">>;

/** A second control plane beside the first, for an upgrade that can be taken back. */
export interface CanaryControlPlane {
  /** Its revision, which no other control plane of the cluster has. */
  revision: string;
  /** Version of its charts. */
  version: string;
  /** Tag of its images, in the same hub. */
  tag: string;
}

/** `REGISTRY_ONLY` lets requests go to Services and ServiceEntries alone. */
export const OutboundTraffic = { AllowAny: "ALLOW_ANY", RegistryOnly: "REGISTRY_ONLY" } as const;

/** One of {@link OutboundTraffic}. */
export type OutboundTraffic = (typeof OutboundTraffic)[keyof typeof OutboundTraffic];

/** Types of a gateway's Service. */
export const ServiceType = { LoadBalancer: "LoadBalancer", NodePort: "NodePort", ClusterIP: "ClusterIP" } as const;

/** One of {@link ServiceType}. */
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** Ports of the nodes, 30000 to 32767 on most clusters. */
export interface NodePorts {
  /** Port that leads to HTTP. */
  http?: number;
  /** Port that leads to HTTPS. */
  https?: number;
}

/** A gateway's settings. */
export interface GatewayArgs {
  /** Type of its Service. Default `LoadBalancer`, which never gets ready on kind and minikube: use `NodePort` there. */
  serviceType?: ServiceType;
  /** Annotations of its Service. Default none. */
  annotations?: Record<string, string>;
  /** Node ports, for type NodePort. Default: Kubernetes picks them. */
  nodePorts?: NodePorts;
  /** Requests and limits. Default: the chart's. */
  resources?: Resources;
  /** Scaling. Default: one pod. */
  scaling?: Scaling;
}

/** {@link GatewayArgs} with a value for each that has to have one. */
export type GatewaySettings = GatewayArgs & Required<Pick<GatewayArgs, "serviceType" | "resources" | "scaling">>;

/**
 * Istio's images are pinned by tag, so a pull is needed once. `image: auto` would make Kubernetes pull at every start.
 */
const imagePullPolicy = "IfNotPresent";

/** Requests and limits that the chart `istiod` gives each sidecar, where `sidecarResources` says nothing else. */
export const defaultSidecarResources = {
  requests: { cpu: "100m", memory: "128Mi" },
  limits: { cpu: "2000m", memory: "1024Mi" },
};

/**
 * Seconds between a starting sidecar's readiness probes; the chart's 15 would be most of the time to the first request.
 */
const sidecarReadinessPeriodSeconds = 2;

/** @returns the values of the chart `istiod`. */
export function istiodValues(settings: ControlPlaneSettings): Record<string, unknown> {
  const { replicas, max = replicas } = settings.istiodScaling;
  return {
    ...(settings.revision && { revision: settings.revision }),
    autoscaleEnabled: max > replicas,
    autoscaleMin: replicas,
    autoscaleMax: max,
    replicaCount: replicas,
    resources: settings.istiodResources,
    ...(settings.istiodScaling.spread && spreadOverNodesAndZones({ istio: "pilot" })),
    // A Sidecar resource is for sidecars alone.
    env: {
      ...settings.istiodEnv,
      ...(settings.filterGatewayClusters && { PILOT_FILTER_GATEWAY_CLUSTER_CONFIG: "true" }),
    },
    // The charts take a value with a slash for a whole reference.
    ...(settings.images?.pilot && { image: settings.images.pilot }),
    telemetry: { enabled: settings.telemetryFilter ?? true },
    global: {
      hub: settings.hub,
      tag: settings.tag,
      imagePullPolicy,
      // With one pod a budget of one available blocks every node drain.
      defaultPodDisruptionBudget: { enabled: replicas > 1 },
      proxy: {
        resources: settings.sidecarResources,
        readinessPeriodSeconds: sidecarReadinessPeriodSeconds,
        ...(settings.images?.proxy && { image: settings.images.proxy }),
      },
      ...(settings.images?.proxy && { proxy_init: { image: settings.images.proxy } }),
    },
    ...(settings.cni && { cni: { enabled: true } }),
    meshConfig: {
      ...(settings.outboundTraffic && { outboundTrafficPolicy: { mode: settings.outboundTraffic } }),
      ...settings.meshConfig,
    },
  };
}

/** @returns the values of the chart `cni`. */
export function cniValues(
  settings: Pick<ControlPlaneSettings, "hub" | "tag" | "images" | "cniFolders">,
): Record<string, unknown> {
  const { hub, tag, images, cniFolders: { bin, conf } = {} } = settings;
  return {
    ...(bin && { cniBinDir: bin }),
    ...(conf && { cniConfDir: conf }),
    ...(images?.cni && { image: images.cni }),
    global: { hub, tag, imagePullPolicy },
  };
}

/** @returns the values of the chart `gateway` for the gateway whose pods get the label `istio: <kind>`. */
export function gatewayValues(
  kind: GatewayKind,
  settings: GatewaySettings,
  revision?: string,
  podAnnotations?: Record<string, string>,
): Record<string, unknown> {
  const { replicas, max = replicas } = settings.scaling;
  return {
    ...(revision && { revision }),
    // The chart derives this label from the release's name; Gateways select by it, so it is set, not left to a name.
    labels: { istio: kind },
    ...(podAnnotations && { podAnnotations }),
    imagePullPolicy,
    resources: settings.resources,
    replicaCount: replicas,
    autoscaling: { enabled: max > replicas, minReplicas: replicas, maxReplicas: max },
    ...(replicas > 1 && { podDisruptionBudget: { minAvailable: 1 } }),
    ...(settings.scaling.spread && spreadOverNodesAndZones({ istio: kind })),
    service: {
      type: settings.serviceType,
      ports: servicePorts(settings),
      ...(Object.keys(settings.annotations ?? {}).length > 0 && { annotations: settings.annotations }),
    },
  };
}

function servicePorts({ serviceType, nodePorts = {} }: GatewaySettings) {
  const port = (name: string, number: number, nodePort?: number) => ({
    name,
    port: number,
    targetPort: number,
    protocol: "TCP",
    ...(serviceType === "NodePort" && nodePort !== undefined && { nodePort }),
  });
  return [port("status-port", 15021), port("http2", 80, nodePorts.http), port("https", 443, nodePorts.https)];
}
