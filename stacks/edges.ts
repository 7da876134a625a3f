import type * as pulumi from "@pulumi/pulumi";
import type { Caller } from "../components/accessPolicy";
import type { ServiceConfig } from "./servicesConfig";

/** Who calls from where. */
export interface EdgeContext {
  /** Namespace of the services. */
  namespace: pulumi.Input<string>;
  /** Identity of the ingress gateway. */
  gateway: Caller;
}

/**
 * @returns who may call a service: the gateway where it has a path, its own or a call's, and whom config allows. Each
 * service runs as the account of its name.
 */
export function callersOf(
  service: Pick<ServiceConfig, "path" | "calls" | "allowFrom">,
  { namespace, gateway }: EdgeContext,
): Caller[] {
  return [
    ...(service.path === undefined && service.calls.length === 0 ? [] : [gateway]),
    ...service.allowFrom.map((caller) =>
      "service" in caller ? { namespace, serviceAccount: caller.service } : { ...caller },
    ),
  ];
}

/**
 * @param namespace Namespace of the services.
 * @returns the names of the services that each may call, by the caller's name; callers from elsewhere are not ours to
 * speak for.
 */
export function calleesByCaller(
  services: readonly Pick<ServiceConfig, "serviceName" | "allowFrom">[],
  namespace: string,
): Map<string, string[]> {
  const callees = new Map(services.map(({ serviceName }): [string, string[]] => [serviceName, []]));
  for (const { serviceName, allowFrom } of services) {
    const callers = allowFrom.flatMap((caller) =>
      // A service may be named by its identity, too.
      "service" in caller ? [caller.service] : caller.namespace === namespace ? [caller.serviceAccount] : [],
    );
    for (const caller of new Set(callers)) {
      callees.get(caller)?.push(serviceName);
    }
  }
  return callees;
}
