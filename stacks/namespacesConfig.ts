import { observabilityNamespace } from "../components/observability/endpoints";
import type { ConfigReader } from "./configReader";

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
  system: "istio-system",
  gateway: "istio-ingress",
  observability: observabilityNamespace,
};

/** One for all, as Istio's own samples and the article have it. */
const shared: StackNamespaces = { system: "istio-system", gateway: "istio-system", observability: "istio-system" };

/** Every namespace that one of the layouts has, each once. */
export const allStackNamespaces: readonly string[] = [
  ...new Set([separate, shared].flatMap((layout) => Object.values(layout))),
];

/** Reads which namespaces the stack has. */
export function readNamespaces(reader: ConfigReader): StackNamespaces {
  return reader.boolean("articleNames", false) ? shared : separate;
}
