import * as pulumi from "@pulumi/pulumi";
import { tracingBackendNames, tracingBackends } from "./tracing";
import type { OfTracingBackends, TracingBackendName } from "./tracing";

/** A page that the stack can have. Of those of tracing backends it has one at most. */
export type DashboardName = "prometheus" | TracingBackendName | "kiali" | "grafana";

/** The pages that the stack can have. */
export const dashboardNames: readonly DashboardName[] = ["prometheus", ...tracingBackendNames, "kiali", "grafana"];

/** How a page is reached. */
export interface DashboardEndpoint {
  /** URL inside the cluster. */
  inCluster: string;
  /** Command that opens it on this machine. */
  portForward: string;
  /** URL outside of the cluster, where it is exposed. */
  url?: string;
}

/** Namespace of the whole observability stack, unless another is given. */
export const observabilityNamespace = "observability";

/** Service and port of each page; the same port is opened on this machine. */
export const dashboardServices: Record<DashboardName, { service: string; port: number }> = {
  prometheus: { service: "prometheus", port: 9090 },
  ...(Object.fromEntries(
    Object.entries(tracingBackends).map(([name, { page }]) => [name, { service: page.service, port: page.port.port }]),
  ) as Record<TracingBackendName, { service: string; port: number }>),
  kiali: { service: "kiali", port: 20001 },
  grafana: { service: "grafana", port: 3000 },
};

/** @returns where a page is below the gateway, when it is exposed there. */
export function exposedPath(name: DashboardName): string {
  return `/${name}`;
}

/** A path on the ingress gateway that leads to a page. */
export interface ExposedRoute {
  path: string;
  service: string;
  /** Namespace of the Service, known once it exists. */
  serviceNamespace: pulumi.Output<string>;
  port: number;
}

/** @returns the route that leads to a page through the gateway. */
export function exposedRoute(name: DashboardName, namespace: pulumi.Input<string>): ExposedRoute {
  const { service, port } = dashboardServices[name];
  return { path: exposedPath(name), service, serviceNamespace: pulumi.output(namespace), port };
}

/** How each page that was installed is reached. */
export interface Dashboards extends OfTracingBackends<DashboardEndpoint> {
  prometheus?: DashboardEndpoint;
  kiali?: DashboardEndpoint;
  grafana?: DashboardEndpoint;
}

/** @returns the pages with the URLs that they have below the gateway. */
export function withUrls(
  dashboards: Partial<Record<DashboardName, DashboardEndpoint>>,
  routes: readonly ExposedRoute[],
  gatewayUrl: string | undefined,
): Partial<Record<DashboardName, DashboardEndpoint>> {
  return Object.fromEntries(
    Object.entries(dashboards).map(([name, endpoint]) => {
      const path = exposedPath(name as DashboardName);
      const exposed = gatewayUrl !== undefined && routes.some((route) => route.path === path);
      return [name, exposed ? { ...endpoint, url: gatewayUrl + path } : endpoint];
    }),
  );
}

/**
 * @param kubectl The command that asks this cluster.
 * @returns how a page is reached, that is served under `path`.
 */
export function dashboardEndpoint(
  name: DashboardName,
  { namespace, path, kubectl = "kubectl" }: { namespace: string; path: string; kubectl?: string },
): DashboardEndpoint {
  const { service, port } = dashboardServices[name];
  return {
    inCluster: `http://${service}.${namespace}:${port}${path}`,
    portForward: `${kubectl} --namespace ${namespace} port-forward service/${service} ${port}:${port}`,
  };
}
