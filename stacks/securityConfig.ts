import { PodSecurity } from "../components/meshNamespace";
import type { OutboundTraffic } from "../components/istioValues";
import { isQualifiedName } from "../components/validation";
import { z } from "zod";
import type { ConfigReader } from "./configReader";
import { amount } from "./resourcesConfig";
import { flag, key, noSuch, oneOf } from "./schema";

/** What config says of who may talk to whom, and of what pods may do. */
export interface SecurityConfig {
  /** What workloads accept: STRICT only mutual TLS, PERMISSIVE plain text as well. */
  mutualTls: "STRICT" | "PERMISSIVE";
  /** Refuse every caller that no declared edge allows. */
  defaultDeny: boolean;
  /** Where requests to hosts that are not registered may go. */
  outboundTraffic: OutboundTraffic;
  /** Pod Security level that the namespace enforces. */
  podSecurity: PodSecurity;
  /** Let packets in from the mesh's own namespaces alone. */
  networkPolicy: boolean;
  /** Most of each resource that the namespace may take; no limit if empty. */
  resourceQuota: Record<string, string>;
}

/** What a ResourceQuota counts by a name of its own; the rest has a slash in it. */
const quotaResources = [
  ...["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "ephemeral-storage"],
  ...["requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage", "persistentvolumeclaims"],
  ...["pods", "services", "services.nodeports", "services.loadbalancers", "configmaps", "secrets"],
  ...["replicationcontrollers", "resourcequotas"],
];

const isQuotaResource = (v: string) => quotaResources.includes(v) || (v.includes("/") && isQualifiedName(v));

const quotaFix = `use one of ${quotaResources.join(", ")}, or count/RESOURCE`;

/** Keys of what pods of the services' namespace may do and take. */
export const podKeys = {
  podSecurity: key(
    "Pod Security level that the namespace enforces, privileged, baseline or restricted. auto takes restricted with istioCni, else privileged, which Istio's init container needs.",
    oneOf(Object.values(PodSecurity)),
  ),
  resourceQuota: key(
    "Most of each resource that the namespace may take, for example requests.cpu of 4. Without an entry there is no limit.",
    z.record(
      z.string().refine(isQuotaResource, {
        error: ({ input }) => noSuch("resource", String(input), quotaResources, quotaFix),
      }),
      amount(/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, "20, 500m or 4Gi"),
      "use an object",
    ),
    {},
  ),
};

/** Keys of who may talk to whom. */
export const securityKeys = {
  mutualTls: key(
    "What workloads of the mesh accept, STRICT (only mutual TLS) or PERMISSIVE (plain text as well).",
    oneOf(["STRICT", "PERMISSIVE"]),
    "STRICT",
  ),
  defaultDeny: key(
    "Refuse every caller of a service but the gateway, where the service has a path, and those that its allowFrom names.",
    flag,
    true,
  ),
  networkPolicy: key(
    "Let packets into the namespace from itself and the gateways' namespace alone, and to the proxies' metrics from anywhere.",
    flag,
    false,
  ),
  outboundTraffic: key(
    "Where sidecars let requests go, ALLOW_ANY (anywhere) or REGISTRY_ONLY (Services, externalHosts and other ServiceEntries).",
    oneOf(["ALLOW_ANY", "REGISTRY_ONLY"]),
    "ALLOW_ANY",
  ),
};

/** Reads the keys of the mesh's security. `cni` is whether istio-cni is installed. */
export function readSecurity(reader: ConfigReader, cni: boolean): SecurityConfig {
  const { podSecurity = cni ? "restricted" : "privileged", ...rest } = reader.read({ ...podKeys, ...securityKeys });
  if (podSecurity !== "privileged" && !cni) {
    reader.problem(
      "podSecurity",
      podSecurity,
      "every pod's init container needs NET_ADMIN and NET_RAW, which only privileged allows; set istioCni to true",
    );
  }
  return { ...rest, podSecurity };
}
