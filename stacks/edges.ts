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

/** @returns who may call a service: the gateway where it has a path, and whom config allows. Each service runs as the account of its name. */
export function callersOf(
  service: Pick<ServiceConfig, "path" | "allowFrom">,
  { namespace, gateway }: EdgeContext,
): Caller[] {
  return [
    ...(service.path === undefined ? [] : [gateway]),
    ...service.allowFrom.map((caller) =>
      "service" in caller ? { namespace, serviceAccount: caller.service } : { ...caller },
    ),
  ];
}

/** A service that calls another one. */
export interface ServiceEdge {
  from: string;
  to: string;
}

/** @returns the declared edges between services; callers from elsewhere are not ours to speak for. */
export function edgesBetween(services: readonly Pick<ServiceConfig, "serviceName" | "allowFrom">[]): ServiceEdge[] {
  return services.flatMap(({ serviceName, allowFrom }) =>
    allowFrom.flatMap((caller) => ("service" in caller ? [{ from: caller.service, to: serviceName }] : [])),
  );
}
