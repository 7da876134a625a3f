import { images } from "../components/versions";
import type { Profile } from "./profile";

/** A cluster of several nodes: nothing runs once, nothing is drained at once, and load adds pods. */
export const prod: Profile = {
  name: "prod",
  istio: {
    istiodScaling: { replicas: 2, max: 5, spread: true },
    istiodResources: { requests: { cpu: "500m", memory: "2Gi" }, limits: { memory: "4Gi" } },
    sidecarResources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "2", memory: "1Gi" } },
  },
  gateway: {
    serviceType: "LoadBalancer",
    scaling: { replicas: 2, max: 5, spread: true },
    resources: { requests: { cpu: "200m", memory: "256Mi" }, limits: { cpu: "2", memory: "1Gi" } },
  },
  services: {
    replicas: 2,
    minAvailable: 1,
    spread: true,
    autoscaling: { min: 2, max: 6, cpuPercent: 70 },
    resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    traffic: {
      timeout: "15s",
      retries: { attempts: 2, perTryTimeout: "5s" },
      // No limits to connections and requests: those depend on the service. A pod that only fails gets a rest.
      circuitBreaker: { consecutive5xx: 5, interval: "10s", baseEjectionTime: "30s" },
    },
  },
  observability: {
    prometheus: {
      sizing: {
        replicas: 2,
        volume: "50Gi",
        resources: { requests: { cpu: "500m", memory: "2Gi" }, limits: { memory: "8Gi" } },
      },
      retention: "15d",
      scrapeSeconds: 15,
    },
    tracing: {
      sizing: { replicas: 2, resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "2Gi" } } },
      maxTraces: 100_000,
    },
    loki: {
      sizing: {
        replicas: 3,
        volume: "50Gi",
        resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "4Gi" } },
      },
      retention: "30d",
    },
    alertmanager: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    samplingPercent: 1,
    logScraper: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    kiali: true,
    kialiAuth: "token",
    kialiSizing: {
      replicas: 2,
      resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    },
    grafana: true,
    grafanaSizing: {
      replicas: 2,
      resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    },
    statsAccessLog: false,
  },
  load: {
    enabled: false,
    ratePerSecond: 1,
    resources: { requests: { cpu: "2m", memory: "12Mi" }, limits: { memory: "64Mi" } },
  },
  rateLimit: {
    replicas: 2,
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    redisResources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
  },
  images,
};
