import type { LiveObject } from "../../cluster/kubeClient";
import type { Context } from "./check";

/** What decides where a request goes, as the cluster has it. */
export interface RouteFacts {
  /** Of the API that the routes are declared in. */
  gateways: readonly LiveObject[];
  /** Empty where the routes are a VirtualService. */
  httpRoutes: readonly LiveObject[];
  virtualServices: readonly LiveObject[];
  destinationRules: readonly LiveObject[];
  authorizationPolicies: readonly LiveObject[];
  envoyFilters: readonly LiveObject[];
  services: readonly LiveObject[];
  /** Pods of the namespace of the services. */
  pods: readonly LiveObject[];
  /** The ingress gateway's Service. */
  gatewayService?: LiveObject;
}

/** Reads the {@link RouteFacts}. */
export async function routeFacts({ cluster, declared }: Context): Promise<RouteFacts> {
  const { mesh, gateway } = declared.namespaces;
  const istio = (kind: string) => cluster.list("networking.istio.io/v1", kind, mesh);
  const ofGatewayApi = (kind: string, namespace: string) =>
    cluster.list("gateway.networking.k8s.io/v1", kind, namespace);
  const isGatewayApi = declared.gateway.api === "gateway";
  const [gateways, httpRoutes, virtualServices, destinationRules, authorizationPolicies, envoyFilters, services, pods] =
    await Promise.all([
      isGatewayApi ? ofGatewayApi("Gateway", gateway) : istio("Gateway"),
      isGatewayApi ? ofGatewayApi("HTTPRoute", mesh) : [],
      istio("VirtualService"),
      istio("DestinationRule"),
      cluster.list("security.istio.io/v1", "AuthorizationPolicy", mesh),
      cluster.list("networking.istio.io/v1alpha3", "EnvoyFilter", mesh),
      cluster.list("v1", "Service", mesh),
      cluster.list("v1", "Pod", mesh),
    ]);
  const gatewayService = await cluster.find("v1", "Service", gateway, declared.gateway.name);
  return {
    gateways,
    httpRoutes,
    virtualServices,
    destinationRules,
    authorizationPolicies,
    envoyFilters,
    services,
    pods,
    gatewayService,
  };
}
