import { flag, key, oneOf } from "./schema";
import type { Autoscaling } from "../components/echoService";
import type { GatewaySettings, ControlPlaneSettings, Scaling } from "../components/istioValues";
import type { Sizing } from "../components/observability/backend";
import type { KialiAuth } from "../components/observability/kiali";
import type { RateLimitSizing } from "../components/rateLimit/rateLimitService";
import type { ImageTable } from "../components/versions";
import type { TrafficConfig } from "./trafficConfig";
import type * as k8s from "@pulumi/kubernetes";

type Resources = k8s.types.input.core.v1.ResourceRequirements;

/** Names of the profiles, as the config key `profile` takes them. */
const profileNames = ["dev", "prod"] as const;

/** One of {@link profileNames}. */
export type ProfileName = (typeof profileNames)[number];

/** Keys of the profile. */
export const profileKeys = {
  profile: key(
    "Sizes and defaults, one of dev (minikube, kind), prod (a cluster of several nodes).",
    oneOf(profileNames),
    "dev",
  ),
  upstreamEnvoy: key(
    "The proxies' image holds the upstream Envoy, without Istio's own filters; istiod leaves these out, and an access logger counts requests.",
    flag,
    false,
  ),
};

/** How services run unless their own config says otherwise. */
export interface ServiceDefaults {
  /** Pods of each service. */
  replicas: number;
  /** Requests and limits of each application container. */
  resources: Resources;
  /** Pods that a node drain leaves; no PodDisruptionBudget when left out. */
  minAvailable?: number;
  /** Spread over nodes and zones. */
  spread: boolean;
  /** Scale by CPU use; a fixed number of pods when left out. */
  autoscaling?: Autoscaling;
  /** Timeouts, retries and limits. */
  traffic: TrafficConfig;
}

/** How metrics, traces, logs and dashboards run. */
export interface ObservabilityDefaults {
  prometheus: { sizing: Sizing; retention: string; scrapeSeconds: number };
  /** Where a webhook gets the alerts. */
  alertmanager: Resources;
  /** `maxTraces` is for traces in memory. */
  tracing: { sizing: Omit<Sizing, "volume">; maxTraces: number };
  /** `replicas` is for an object store; on a volume of its own there is one. */
  loki: { sizing: Sizing; retention: string };
  /** Percent of the requests that are traced. */
  samplingPercent: number;
  /** Requests and limits of the scraper in each pod, and of the agent on each node. */
  logScraper: Resources;
  kiali: boolean;
  /** How users log in to Kiali. */
  kialiAuth: KialiAuth;
  kialiSizing: Omit<Sizing, "volume">;
  grafana: boolean;
  grafanaSizing: Omit<Sizing, "volume">;
  /** Count requests with an access logger, because the proxies lack Istio's metrics filter. */
  statsAccessLog: boolean;
}

/**
 * A profile decides sizes and the few values that a kind of cluster needs. It never decides what code runs: all
 * profiles declare the same stack.
 */
export interface Profile {
  name: ProfileName;
  /** What Istio's control plane and sidecars get. */
  istio: Pick<ControlPlaneSettings, "istiodResources" | "sidecarResources" | "istiodEnv" | "telemetryFilter"> & {
    istiodScaling: Scaling;
  };
  /** What each gateway gets; `serviceType` is for the ingress gateway. */
  gateway: Pick<GatewaySettings, "serviceType" | "resources" | "scaling">;
  services: ServiceDefaults;
  observability: ObservabilityDefaults;
  /** Steady traffic over every declared edge, and how much of it. */
  load: { enabled: boolean; ratePerSecond: number; resources: Resources };
  /** The rate limit service, where a service has a global rate limit. */
  rateLimit: RateLimitSizing;
  images: ImageTable;
}
