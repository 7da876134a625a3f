import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { dashboardServices } from "./endpoints";
import type { DashboardName } from "./endpoints";
import { lokiPorts } from "./loki";
import { logAgent } from "./nodeLogs";
import { installedTracing, type TracingKind } from "./tracing";

/** What {@link declareNetworkPolicies} is given. */
export interface NetworkPolicyArgs {
  /** Namespace of the backends. */
  namespace: pulumi.Input<string>;
  /** Limit who reaches the backends. */
  backends: boolean;
  /** Which backend takes spans. */
  tracing: TracingKind;
  /** Kiali requires no login: allow only port-forwards to its pod, and the gateway where pages are exposed. */
  anonymousKiali: boolean;
  /** Namespaces whose proxies send spans, and whose scrapers send logs. */
  meshNamespaces: pulumi.Input<string>[];
  /** Namespace of the ingress gateway, and the pages that it serves. */
  gateway: { namespace: pulumi.Input<string>; pages: readonly DashboardName[] };
}

type IngressRule = k8s.types.input.networking.v1.NetworkPolicyIngressRule;

function fromNamespaces(names: readonly pulumi.Input<string>[]): IngressRule["from"] {
  return names.map((name) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }));
}

/**
 * Declares who may send packets to the pods of the observability namespace: those pods themselves; the mesh, to where
 * spans and logs are taken; the gateway, to the pages that it serves. Probes of the kubelet and port-forwards come from
 * the pod's own node or network namespace, which no NetworkPolicy stops. A network plugin has to enforce it.
 */
export function declareNetworkPolicies(
  name: string,
  args: NetworkPolicyArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const { gateway, namespace } = args;
  const declarePolicy = (policy: string, podSelector: k8s.types.input.meta.v1.LabelSelector, ingress: IngressRule[]) =>
    new k8s.networking.v1.NetworkPolicy(
      `${name}-${policy}`,
      { metadata: { name: policy, namespace }, spec: { podSelector, policyTypes: ["Ingress"], ingress } },
      opts,
    );
  const tcp = (port: number) => [{ port, protocol: "TCP" }];
  const ofGateway = (page: DashboardName): IngressRule[] =>
    gateway.pages.includes(page)
      ? [{ from: fromNamespaces([gateway.namespace]), ports: tcp(dashboardServices[page].port) }]
      : [];

  if (args.backends || args.anonymousKiali) {
    declarePolicy("kiali", { matchLabels: { app: "kiali" } }, ofGateway("kiali"));
  }
  if (!args.backends) {
    return;
  }
  const tracing = installedTracing(args.tracing);
  // By name, for the namespace may hold istiod and the gateways as well. No pod here asks Kiali for anything.
  const backendApps = ["prometheus", "alertmanager", ...(tracing ? [tracing.name] : []), "loki", "grafana"];
  const anyOf = (...apps: string[]) => ({ matchExpressions: [{ key: "app", operator: "In", values: apps }] });
  declarePolicy("own-pods", anyOf(...backendApps, logAgent), [
    { from: [{ podSelector: anyOf(...backendApps, "kiali", logAgent) }] },
  ]);
  if (tracing) {
    declarePolicy("spans", { matchLabels: { app: tracing.name } }, [
      { from: fromNamespaces(args.meshNamespaces), ports: tcp(tracing.spans.port) },
      ...ofGateway(tracing.name),
    ]);
  }
  declarePolicy("logs", { matchLabels: { app: "loki" } }, [
    { from: fromNamespaces(args.meshNamespaces), ports: tcp(lokiPorts.http) },
  ]);
  for (const page of ["prometheus", "grafana"] as const) {
    if (gateway.pages.includes(page)) {
      declarePolicy(page, { matchLabels: { app: page } }, ofGateway(page));
    }
  }
}
