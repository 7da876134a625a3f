/** The annotations that Istio knows: how mature each is, whether it is deprecated, and what it goes on. */
import { revisionLabel } from "./names";
import generated from "../schemas/annotations.json";
import { isRange } from "./values";

/** What is known of an annotation. */
export interface Annotation {
  maturity: string;
  deprecated: boolean;
  /** The kinds it goes on. `Any` is every kind. */
  targets: readonly string[];
}

/** By name. */
export const annotations: Readonly<Record<string, Annotation | undefined>> = generated;

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
const ownAnnotations = new Set(["sidecar.istio.io/status", "gateway.istio.io/controller-version", revisionLabel]);

/** Whether an annotation is in Istio's name space, and not one that Istio sets by itself. */
export function isIstioAnnotation(name: string): boolean {
  const prefix = name.slice(0, Math.max(name.indexOf("/"), 0));
  return (name === "kubernetes.io/ingress.class" || prefix.endsWith("istio.io")) && !ownAnnotations.has(name);
}
