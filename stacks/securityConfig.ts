import { PodSecurity } from "../components/meshNamespace";
import type { OutboundTraffic } from "../components/istioValues";
import { noSuch } from "./configReader";
import type { ConfigReader } from "./configReader";

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

/** Reads the keys of the mesh's security. `cni` is whether istio-cni is installed. */
export function readSecurity(reader: ConfigReader, cni: boolean): SecurityConfig {
  return {
    mutualTls: reader.oneOf("mutualTls", ["STRICT", "PERMISSIVE"], "STRICT"),
    defaultDeny: reader.boolean("defaultDeny", true),
    outboundTraffic: reader.oneOf("outboundTraffic", ["ALLOW_ANY", "REGISTRY_ONLY"], "ALLOW_ANY"),
    podSecurity: readPodSecurity(reader, cni),
    networkPolicy: reader.boolean("networkPolicy", false),
    resourceQuota: readQuota(reader),
  };
}

function readPodSecurity(reader: ConfigReader, cni: boolean): PodSecurity {
  const key = "podSecurity";
  const level = reader.oneOf(key, Object.values(PodSecurity), cni ? "restricted" : "privileged");
  if (level !== "privileged" && !cni) {
    reader.problem(
      key,
      level,
      "every pod's init container needs NET_ADMIN and NET_RAW, which only privileged allows; set istioCni to true",
    );
  }
  return level;
}

/** What a ResourceQuota counts by a name of its own; the rest has a slash in it. */
const quotaResources = [
  ...["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "ephemeral-storage"],
  ...["requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage", "persistentvolumeclaims"],
  ...["pods", "services", "services.nodeports", "services.loadbalancers", "configmaps", "secrets"],
  ...["replicationcontrollers", "resourcequotas"],
];

function readQuota(reader: ConfigReader): Record<string, string> {
  const key = "resourceQuota";
  const quota = reader.object(key);
  for (const [resource, amount] of Object.entries(quota)) {
    if (!quotaResources.includes(resource) && !/^[a-z0-9.-]+\/[a-z0-9.-]+$/i.test(resource)) {
      reader.problem(
        `${key}.${resource}`,
        amount,
        noSuch("resource", resource, quotaResources, `use one of ${quotaResources.join(", ")}, or count/RESOURCE`),
      );
    }
    const isAmount = typeof amount === "string" || typeof amount === "number";
    if (!isAmount || !/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(String(amount))) {
      reader.problem(`${key}.${resource}`, amount, "use an amount such as 20, 500m or 4Gi");
    }
  }
  return Object.fromEntries(Object.entries(quota).map(([resource, amount]) => [resource, String(amount)]));
}
