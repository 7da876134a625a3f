import * as pulumi from "@pulumi/pulumi";
import { gatewayTarget } from "../components/loadGenerator";
import type { GatewayTarget, LoadTarget } from "../components/loadGenerator";
import type { ServiceCall } from "../components/serviceCalls";
import { calleesByCaller } from "./edges";
import type { ServiceConfig } from "./servicesConfig";

type Callable = Pick<ServiceConfig, "serviceName" | "port" | "allowFrom">;

/** @returns what the gateway is asked for: each service's path, and those of its calls. */
export function gatewayTargets(
  services: readonly Pick<ServiceConfig, "serviceName" | "path" | "calls">[],
  gateway: GatewayTarget,
): LoadTarget[] {
  return services.flatMap(({ serviceName, path, calls }) => [
    ...(path === undefined ? [] : [gatewayTarget(serviceName, path, gateway)]),
    ...calls.map((call, i) => gatewayTarget(`${i + 1}-${serviceName}`, call.path, gateway)),
  ]);
}

/** @returns what each service asks of the others, by its name: each that it is declared to call. */
export function calleeTargets(services: readonly Callable[], namespace: string): Map<string, LoadTarget[]> {
  const ports = new Map(services.map(({ serviceName, port }) => [serviceName, port]));
  const target = (name: string) => ({ name, url: `http://${name}.${namespace}:${ports.get(name)}/` });
  return new Map([...calleesByCaller(services, namespace)].map(([caller, callees]) => [caller, callees.map(target)]));
}

/** @returns where each of a service's calls is served, and where it leads. */
export function serviceCalls(
  { calls }: Pick<ServiceConfig, "calls">,
  services: readonly Callable[],
  namespace: pulumi.Input<string>,
): ServiceCall[] {
  return calls.map(({ port, service }) => {
    const callee = services.find(({ serviceName }) => serviceName === service)!;
    return { port, url: pulumi.interpolate`http://${service}.${namespace}:${callee.port}` };
  });
}
