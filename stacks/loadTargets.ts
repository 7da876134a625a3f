import { gatewayTarget } from "../components/loadGenerator";
import type { GatewayTarget, LoadTarget } from "../components/loadGenerator";
import { calleesByCaller } from "./edges";
import type { ServiceConfig } from "./servicesConfig";

type Callable = Pick<ServiceConfig, "serviceName" | "port" | "path" | "allowFrom">;

/** @returns what the gateway is asked for: each service's path. */
export function gatewayTargets(services: readonly Callable[], gateway: GatewayTarget): LoadTarget[] {
  return services.flatMap(({ serviceName, path }) =>
    path === undefined ? [] : [gatewayTarget(serviceName, path, gateway)],
  );
}

/** @returns what each service asks of the others, by its name: each that it is declared to call. */
export function calleeTargets(services: readonly Callable[], namespace: string): Map<string, LoadTarget[]> {
  const ports = new Map(services.map(({ serviceName, port }) => [serviceName, port]));
  const target = (name: string) => ({ name, url: `http://${name}.${namespace}:${ports.get(name)}/` });
  return new Map([...calleesByCaller(services, namespace)].map(([caller, callees]) => [caller, callees.map(target)]));
}
