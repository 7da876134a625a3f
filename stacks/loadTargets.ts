import { gatewayTarget } from "../components/loadGenerator";
import type { GatewayTarget, LoadTarget } from "../components/loadGenerator";
import { edgesBetween } from "./edges";
import type { ServiceConfig } from "./servicesConfig";

type Callable = Pick<ServiceConfig, "serviceName" | "port" | "path" | "allowFrom">;

/** @returns what the gateway is asked for: each service's path. */
export function gatewayTargets(services: readonly Callable[], gateway: GatewayTarget): LoadTarget[] {
  return services.flatMap(({ serviceName, path }) =>
    path === undefined ? [] : [gatewayTarget(serviceName, path, gateway)],
  );
}

/** @returns what a service asks of the others: each that it is declared to call. */
export function calleeTargets(caller: string, services: readonly Callable[], namespace: string): LoadTarget[] {
  const callees = edgesBetween(services).flatMap(({ from, to }) => (from === caller ? [to] : []));
  return services
    .filter(({ serviceName }) => callees.includes(serviceName))
    .map(({ serviceName, port }) => ({
      name: serviceName,
      url: `http://${serviceName}.${namespace}:${port}/`,
    }));
}
