import { istioNamespaces } from "../components/istioValues";
import { observabilityNamespace } from "../components/observability/endpoints";
import type { ConfigReader } from "./configReader";
import { clusterNamespaces, isDnsLabel } from "../components/validation";
import { rateLimitNamespace } from "../components/rateLimit/rateLimitService";
import { flag, key, textThat } from "./schema";

/** Namespaces of what runs beside the services, by what is in it. */
export type StackNamespaces = {
  /** Of istiod, and istio-cni. */
  system: string;
  /** Of the gateways. */
  gateway: string;
  /** Of metrics, traces, logs and dashboards. */
  observability: string;
};

/** A NetworkPolicy, a quota or a role can be for one of them, and a gateway can't read the Secrets of istiod. */
const separate: StackNamespaces = {
  ...istioNamespaces,
  observability: observabilityNamespace,
};

const { system } = istioNamespaces;

/** One for all, as Istio's own samples and the article have it. */
const shared: StackNamespaces = { system, gateway: system, observability: system };

/** Every namespace that one of the layouts has, each once. */
export const allStackNamespaces: readonly string[] = [
  ...new Set([separate, shared].flatMap((layout) => Object.values(layout))),
];

/** Namespaces that are not ours to label, or that the stack uses for something else. */
const reserved = [...clusterNamespaces, ...allStackNamespaces, rateLimitNamespace];

/** Keys of the namespaces. */
export const namespacesKeys = {
  namespace: key(
    "Namespace of the services; it is made, and labelled for injection.",
    textThat(isDnsLabel, "use a DNS label: a-z first, then a-z, 0-9 and -").refine(
      (v) => !reserved.includes(v),
      `the cluster or this stack uses it; choose a name other than ${reserved.join(", ")}`,
    ),
    "demo",
  ),
  articleNames: key(
    "Put gateways and dashboards into istio-system beside istiod, so that commands of Istio's samples and of the article work as they are. Set it before the first update.",
    flag,
    false,
  ),
};

/** Reads the namespace of the services, and those of all else. */
export function readNamespaces(reader: ConfigReader): { namespace: string; namespaces: StackNamespaces } {
  const { namespace, articleNames } = reader.read(namespacesKeys);
  return { namespace, namespaces: articleNames ? shared : separate };
}
