import { images } from "../components/versions";
import type { Profile } from "./profile";

/** A laptop's minikube or kind: one pod of each, requests that leave room for the rest. */
export const dev: Profile = {
  name: "dev",
  istio: {
    istiodScaling: { replicas: 1 },
    istiodResources: { requests: { cpu: "50m", memory: "128Mi" } },
    sidecarResources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "256Mi" } },
  },
  gateway: {
    // A LoadBalancer never becomes ready on minikube or kind.
    serviceType: "NodePort",
    scaling: { replicas: 1 },
    resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
  },
  services: {
    replicas: 1,
    spread: false,
    resources: { requests: { cpu: "5m", memory: "8Mi" }, limits: { memory: "64Mi" } },
    traffic: { timeout: "15s", retries: { attempts: 2, perTryTimeout: "5s" } },
  },
  observability: {
    prometheus: {
      sizing: { replicas: 1, resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "1Gi" } } },
      retention: "2d",
      // Short, so that what was just done shows.
      scrapeSeconds: 5,
    },
    tracing: {
      sizing: { replicas: 1, resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { memory: "512Mi" } } },
      maxTraces: 20_000,
    },
    loki: {
      sizing: { replicas: 1, resources: { requests: { cpu: "50m", memory: "192Mi" }, limits: { memory: "512Mi" } } },
      retention: "2d",
    },
    alertmanager: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    samplingPercent: 100,
    logScraper: { requests: { cpu: "5m", memory: "48Mi" }, limits: { memory: "192Mi" } },
    kiali: true,
    kialiAuth: "anonymous",
    kialiSizing: {
      replicas: 1,
      resources: { requests: { cpu: "10m", memory: "96Mi" }, limits: { memory: "512Mi" } },
    },
    grafana: true,
    grafanaSizing: {
      replicas: 1,
      resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    },
    statsAccessLog: false,
  },
  load: {
    enabled: true,
    ratePerSecond: 1,
    resources: { requests: { cpu: "2m", memory: "12Mi" }, limits: { memory: "64Mi" } },
  },
  rateLimit: {
    replicas: 1,
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    redisResources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
  },
  images,
};
