/** The annotations that Istio knows: how mature each is, whether it is deprecated, and what it goes on. */
import { isRange } from "./addresses";

/** The kinds an annotation goes on. `Any` is every kind. */
export type Target =
  | "Any"
  | "AuthorizationPolicy"
  | "Gateway"
  | "GatewayClass"
  | "Ingress"
  | "Namespace"
  | "Pod"
  | "Service"
  | "ServiceEntry"
  | "WorkloadEntry";

/** What is known of an annotation. */
export interface Annotation {
  maturity: "alpha" | "beta" | "stable";
  deprecated: boolean;
  targets: readonly Target[];
}

const alpha = (...targets: Target[]): Annotation => ({ maturity: "alpha", deprecated: false, targets });
const beta = (...targets: Target[]): Annotation => ({ maturity: "beta", deprecated: false, targets });
const stable = (...targets: Target[]): Annotation => ({ maturity: "stable", deprecated: false, targets });
const deprecated = (known: Annotation): Annotation => ({ ...known, deprecated: true });

/** By name. */
export const annotations: Readonly<Record<string, Annotation>> = {
  "alpha.istio.io/canonical-serviceaccounts": deprecated(alpha("Service")),
  "alpha.istio.io/kubernetes-serviceaccounts": deprecated(alpha("Service")),
  "ambient.istio.io/bypass-inbound-capture": alpha("Pod"),
  "ambient.istio.io/dns-capture": alpha("Pod"),
  "ambient.istio.io/redirection": beta("Pod"),
  "ambient.istio.io/waypoint-inbound-binding": alpha("GatewayClass", "Gateway"),
  "galley.istio.io/analyze-suppress": alpha("Any"),
  "gateway.istio.io/controller-version": alpha("Any"),
  "gateway.istio.io/name-override": alpha("Gateway"),
  "gateway.istio.io/service-account": alpha("Gateway"),
  "inject.istio.io/templates": alpha("Pod"),
  "istio.io/autoRegistrationGroup": alpha("WorkloadEntry"),
  "istio.io/connectedAt": alpha("WorkloadEntry"),
  "istio.io/disconnectedAt": alpha("WorkloadEntry"),
  "istio.io/dry-run": alpha("AuthorizationPolicy"),
  "istio.io/reroute-virtual-interfaces": alpha("Pod"),
  "istio.io/rev": alpha("Pod"),
  "istio.io/use-waypoint-canary-weight": alpha("Service", "ServiceEntry", "Namespace"),
  "istio.io/workloadController": alpha("WorkloadEntry"),
  "kubernetes.io/ingress.class": stable("Ingress"),
  "networking.istio.io/exportTo": alpha("Service"),
  "networking.istio.io/service-type": alpha("Gateway"),
  "networking.istio.io/traffic-distribution": alpha("Namespace", "Service", "ServiceEntry"),
  "prometheus.istio.io/merge-metrics": alpha("Pod"),
  "proxy.istio.io/config": beta("Pod"),
  "proxy.istio.io/overrides": alpha("Pod"),
  "readiness.status.sidecar.istio.io/applicationPorts": alpha("Pod"),
  "readiness.status.sidecar.istio.io/failureThreshold": alpha("Pod"),
  "readiness.status.sidecar.istio.io/initialDelaySeconds": alpha("Pod"),
  "readiness.status.sidecar.istio.io/periodSeconds": alpha("Pod"),
  "sidecar.istio.io/agentLogLevel": alpha("Pod"),
  "sidecar.istio.io/bootstrapOverride": alpha("Pod"),
  "sidecar.istio.io/componentLogLevel": alpha("Pod"),
  "sidecar.istio.io/discoveryAddress": deprecated(alpha("Pod")),
  "sidecar.istio.io/extraStatTags": deprecated(alpha("Pod")),
  "sidecar.istio.io/inject": deprecated(beta("Pod")),
  "sidecar.istio.io/interceptionMode": alpha("Pod"),
  "sidecar.istio.io/logLevel": alpha("Pod"),
  "sidecar.istio.io/nativeSidecar": alpha("Pod"),
  "sidecar.istio.io/proxyCPU": alpha("Pod"),
  "sidecar.istio.io/proxyCPULimit": alpha("Pod"),
  "sidecar.istio.io/proxyImage": alpha("Pod"),
  "sidecar.istio.io/proxyImageType": alpha("Pod"),
  "sidecar.istio.io/proxyMemory": alpha("Pod"),
  "sidecar.istio.io/proxyMemoryLimit": alpha("Pod"),
  "sidecar.istio.io/rewriteAppHTTPProbers": alpha("Pod"),
  "sidecar.istio.io/statsCompression": deprecated(alpha("Pod")),
  "sidecar.istio.io/statsEvictionInterval": alpha("Pod"),
  "sidecar.istio.io/statsFlushInterval": alpha("Pod"),
  "sidecar.istio.io/statsHistogramBins": alpha("Pod"),
  "sidecar.istio.io/statsHistogramBuckets": alpha("Pod"),
  "sidecar.istio.io/statsInclusionPrefixes": deprecated(alpha("Pod")),
  "sidecar.istio.io/statsInclusionRegexps": deprecated(alpha("Pod")),
  "sidecar.istio.io/statsInclusionSuffixes": deprecated(alpha("Pod")),
  "sidecar.istio.io/status": alpha("Pod"),
  "sidecar.istio.io/userVolume": alpha("Pod"),
  "sidecar.istio.io/userVolumeMount": alpha("Pod"),
  "status.sidecar.istio.io/port": alpha("Pod"),
  "topology.istio.io/controlPlaneClusters": alpha("Namespace"),
  "traffic.istio.io/nodeSelector": stable("Service"),
  "traffic.sidecar.istio.io/excludeInboundPorts": alpha("Pod"),
  "traffic.sidecar.istio.io/excludeInterfaces": alpha("Pod"),
  "traffic.sidecar.istio.io/excludeOutboundIPRanges": alpha("Pod"),
  "traffic.sidecar.istio.io/excludeOutboundPorts": alpha("Pod"),
  "traffic.sidecar.istio.io/includeInboundPorts": alpha("Pod"),
  "traffic.sidecar.istio.io/includeOutboundIPRanges": alpha("Pod"),
  "traffic.sidecar.istio.io/includeOutboundPorts": alpha("Pod"),
  "traffic.sidecar.istio.io/kubevirtInterfaces": deprecated(alpha("Pod")),
};

const quantity = /^\+?\d+(\.\d+)?([eE][-+]?\d+|[numkKMGTPE]|[KMGTPE]i)?$/;

function isUint(value: string): boolean {
  return /^\d+$/.test(value) && Number(value) <= 0xffffffff;
}

function isPort(value: string): boolean {
  return /^\d+$/.test(value) && Number(value) <= 65535;
}

const listOf =
  (valid: (item: string) => boolean, want: string, wildcard: boolean) =>
  (value: string): string | undefined => {
    if (value === "" || (wildcard && value === "*")) {
      return undefined;
    }
    return value.split(",").every((item) => valid(item.trim())) ? undefined : want;
  };
const one =
  (valid: (value: string) => boolean, want: string) =>
  (value: string): string | undefined =>
    valid(value) ? undefined : want;

const uint = one(isUint, "a whole number");
const ports = listOf(isPort, "a list of ports with commas between them", true);
const ranges = listOf(isRange, "a list of CIDR ranges with commas between them", true);
const amount = one((value) => quantity.test(value), "a quantity such as 100m or 128Mi");

/** What the value of an annotation has to be, for those whose value the injector refuses otherwise. */
export const annotationValues: Readonly<Record<string, (value: string) => string | undefined>> = {
  "sidecar.istio.io/interceptionMode": one(
    (value) => ["REDIRECT", "TPROXY", "NONE"].includes(value),
    "REDIRECT, TPROXY or NONE",
  ),
  "status.sidecar.istio.io/port": one(isPort, "a port"),
  "readiness.status.sidecar.istio.io/initialDelaySeconds": uint,
  "readiness.status.sidecar.istio.io/periodSeconds": uint,
  "readiness.status.sidecar.istio.io/failureThreshold": uint,
  "traffic.sidecar.istio.io/includeOutboundIPRanges": ranges,
  "traffic.sidecar.istio.io/excludeOutboundIPRanges": listOf(isRange, "a list of CIDR ranges", false),
  "traffic.sidecar.istio.io/includeInboundPorts": ports,
  "traffic.sidecar.istio.io/excludeInboundPorts": listOf(isPort, "a list of ports", false),
  "traffic.sidecar.istio.io/excludeOutboundPorts": listOf(isPort, "a list of ports", false),
  "prometheus.istio.io/merge-metrics": one((value) => /^(1|0|t|f|true|false)$/i.test(value), "true or false"),
  "sidecar.istio.io/proxyCPU": amount,
  "sidecar.istio.io/proxyMemory": amount,
  "sidecar.istio.io/proxyCPULimit": amount,
  "sidecar.istio.io/proxyMemoryLimit": amount,
};

/** Annotations that Istio itself sets, or that have no reader. */
const ownAnnotations = new Set(["sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev"]);

/** Whether an annotation is in Istio's name space, and not one that Istio sets by itself. */
export function isIstioAnnotation(name: string): boolean {
  const prefix = name.slice(0, Math.max(name.indexOf("/"), 0));
  return (name === "kubernetes.io/ingress.class" || prefix.endsWith("istio.io")) && !ownAnnotations.has(name);
}
