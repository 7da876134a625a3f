import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { sleepBeforeStop } from "../drain";
import { containerSecurity } from "../observability/backend";
import { spreadOverNodesAndZones } from "../spread";

/** Requests and limits of a container. */
export type Resources = k8s.types.input.core.v1.ResourceRequirements;

/** Label by which metrics and traces identify workloads. */
export const rateLimitVersion = { version: "v1" } as const;

/** What {@link rateLimitPod} makes a pod of. */
export interface RateLimitPodSpec {
  serviceAccountName: pulumi.Input<string>;
  container: k8s.types.input.core.v1.Container;
  /** How it is asked whether it can serve, and whether it lives. */
  probes: { ready: k8s.types.input.core.v1.Probe; alive: k8s.types.input.core.v1.Probe };
  volumes?: k8s.types.input.core.v1.Volume[];
  /** Labels of pods to keep apart from; default: there is one only. */
  spread?: Record<string, string>;
}

/** Any user that is not root does; distroless images call this one `nonroot`. */
const user = 65532;

/** @returns a pod of one container that may do nothing but run. */
export function rateLimitPod(spec: RateLimitPodSpec): k8s.types.input.core.v1.PodSpec {
  const { ready, alive } = spec.probes;
  return {
    serviceAccountName: spec.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(spec.spread && spreadOverNodesAndZones(spec.spread)),
    containers: [
      {
        ...spec.container,
        imagePullPolicy: "IfNotPresent",
        startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...ready, periodSeconds: 5 },
        livenessProbe: { ...alive, periodSeconds: 10 },
        lifecycle: sleepBeforeStop(),
        securityContext: containerSecurity,
      },
    ],
    volumes: spec.volumes,
  };
}
