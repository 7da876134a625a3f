/** Node ports of the ingress gateway; kind's cluster file maps them to ports of this machine. */
export const defaultNodePorts = { http: 30080, https: 30443 } as const;

/**
 * Ports of this machine at which the gateway answers: through kind's port mapping, or through `kubectl port-forward`.
 */
export const localPorts = { http: 8080, https: 8443 } as const;

/**
 * What kinds of cluster there are, as far as addresses differ. Node ports of a `local` one answer on this machine
 * (Docker Desktop, Rancher Desktop, OrbStack, Colima, MicroK8s); k3d publishes only the ports that its command names.
 */
export const clusterKinds = ["kind", "minikube", "k3d", "local", "remote"] as const;

/** One of {@link clusterKinds}. */
export type ClusterKind = (typeof clusterKinds)[number];

/** What is known of how the ingress gateway is reached. */
export interface GatewayReach {
  /** Address that config gives; it wins. */
  address?: string;
  /** Serve HTTPS: the URL says so. */
  tls: boolean;
  serviceType: "LoadBalancer" | "NodePort" | "ClusterIP";
  /** Kind of cluster. */
  clusterKind: ClusterKind;
  /** Node ports of the Service. */
  nodePorts: { http: number; https: number };
  /** Address at which node ports are reached, where it is known. */
  nodeAddress?: string;
  /** Address or name that the load balancer got. */
  loadBalancer?: string;
}

/** @returns true if the URL depends on the load balancer's address, which only the cluster has. */
export function needsLoadBalancer(reach: Pick<GatewayReach, "address" | "serviceType">): boolean {
  return !reach.address && reach.serviceType === "LoadBalancer";
}

/**
 * @returns the URL of the gateway, without a / at the end; undefined if nothing is known that it could be made of:
 * a load balancer without an address, or a node port of a cluster whose nodes we can't tell apart from outside.
 */
export function gatewayUrl(reach: GatewayReach): string | undefined {
  const scheme = reach.tls ? "https" : "http";
  const url = (host: string, port: number) => `${scheme}://${host}${port === (reach.tls ? 443 : 80) ? "" : `:${port}`}`;
  const pick = (ports: { http: number; https: number }) => (reach.tls ? ports.https : ports.http);

  if (reach.address) {
    return `${scheme}://${reach.address}`;
  }
  switch (reach.serviceType) {
    case "LoadBalancer":
      return reach.loadBalancer && url(reach.loadBalancer, pick({ http: 80, https: 443 }));
    case "ClusterIP":
      return url("localhost", pick(localPorts));
    case "NodePort":
      if (reach.clusterKind === "kind") {
        // Our kind cluster maps only these node ports. The mapping of other node ports is unknown.
        return pick(reach.nodePorts) === pick(defaultNodePorts) ? url("localhost", pick(localPorts)) : undefined;
      }
      if (reach.clusterKind === "local") {
        return url("localhost", pick(reach.nodePorts));
      }
      return reach.nodeAddress && url(reach.nodeAddress, pick(reach.nodePorts));
  }
}
