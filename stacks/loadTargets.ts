import * as pulumi from "@pulumi/pulumi";
import { isGuarded } from "../components/guards";
import type { Guards } from "../components/guards";
import { gatewayTarget } from "../components/loadGenerator";
import type { GatewayTarget, LoadSettings, LoadTarget } from "../components/loadGenerator";
import type { ServiceCall } from "../components/serviceCalls";
import type { ConfigReader } from "./configReader";
import { calleesByCaller } from "./edges";
import type { Profile } from "./profile";
import { flag, key, whole } from "./schema";
import type { ServiceConfig } from "./servicesConfig";

const defaultRate = 1;

/** Keys of the load generator. */
export const loadKeys = {
  loadGenerator: key(
    "Send steady traffic over every declared edge, true or false, through the gateway and from each caller's own pod. auto does, but not in prod.",
    flag,
  ),
  loadGeneratorRate: key(
    "Requests per second of the load generator on each edge, 1 to 100; a caller of several pods sends as many from each.",
    whole(1, 100),
    defaultRate,
  ),
};

/** Reads the keys of the load generator. @returns undefined if it is off. */
export function readLoad(reader: ConfigReader, { load, images }: Profile): LoadSettings | undefined {
  const { loadGenerator = load.enabled, loadGeneratorRate: ratePerSecond } = reader.read(loadKeys);
  if (!loadGenerator && ratePerSecond !== defaultRate) {
    reader.problem(
      "loadGeneratorRate",
      ratePerSecond,
      "only used with loadGenerator: true; set that, or remove this key",
    );
  }
  return loadGenerator ? { image: images.fortio, ratePerSecond, resources: load.resources } : undefined;
}

type Callable = Pick<ServiceConfig, "serviceName" | "port" | "allowFrom"> & Guards;

/**
 * @returns what the gateway is asked for: each service's path, and those of its calls, but what is guarded: requests
 * have no token.
 */
export function gatewayTargets(
  services: readonly (Pick<ServiceConfig, "serviceName" | "path" | "calls"> & Guards)[],
  gateway: GatewayTarget,
): LoadTarget[] {
  return services.flatMap((service) => {
    const { serviceName, path, calls } = service;
    const open = calls.filter((call) =>
      services.every((one) => ![serviceName, call.service].includes(one.serviceName) || !isGuarded(one, call.path)),
    );
    return [
      ...(path === undefined || isGuarded(service, path) ? [] : [gatewayTarget(serviceName, path, gateway)]),
      ...open.map((call) => gatewayTarget(`${calls.indexOf(call) + 1}-${serviceName}`, call.path, gateway)),
    ];
  });
}

/**
 * @returns what each service asks of the others, by its name: each that it is declared to call, and that asks for no
 * token.
 */
export function calleeTargets(services: readonly Callable[], namespace: string): Map<string, LoadTarget[]> {
  const ports = new Map(services.map(({ serviceName, port }) => [serviceName, port]));
  const target = (name: string) => ({ name, url: `http://${name}.${namespace}:${ports.get(name)}/` });
  const open = services.filter((service) => !isGuarded(service, "/"));
  const targets = (callees: readonly string[]) =>
    callees.filter((name) => open.some(({ serviceName }) => serviceName === name)).map(target);
  return new Map([...calleesByCaller(services, namespace)].map(([caller, callees]) => [caller, targets(callees)]));
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
