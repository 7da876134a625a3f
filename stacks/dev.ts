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
  images,
};
