import * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "./hosts";
import { versionName } from "./echoService";
import type { IngressApi } from "./ingressRoutes";
import { EnvoyFilter } from "./istioApi/envoyFilter";
import { ArgsCheck } from "./validation";

/**
 * @param services What is declared.
 * @param api The API that their paths on the gateway are declared in.
 * @returns the names of the Services that proxies call: those of the services, and of their versions where HTTPRoutes
 * name them.
 */
export function calledServices(
  services: readonly { serviceName: string; versions?: readonly { version: string }[] }[],
  api?: IngressApi,
): string[] {
  return services.flatMap(({ serviceName, versions = [] }) => [
    serviceName,
    ...(api === "gateway" ? versions.map(({ version }) => versionName(serviceName, version)) : []),
  ]);
}

/** Args of {@link LostConnections}. */
export interface LostConnectionsArgs {
  /** Istio's root namespace: what is there holds for every proxy of the mesh. */
  systemNamespace: pulumi.Input<string>;
  /** The services whose callers are to notice that a pod's node is gone. */
  services: readonly { namespace: string; service: string }[];
}

/**
 * Milliseconds for which sent data may stay without an acknowledgement. The kernel's own limit is about 15 minutes; a
 * request to a pod whose node is gone would hang until its time-out. An application that is slow is not meant: its
 * kernel acknowledges at once.
 */
const acknowledgedWithinMs = 1000;

/** IPPROTO_TCP and TCP_USER_TIMEOUT of Linux' netinet/tcp.h. */
const tcpUserTimeout = { description: "TCP_USER_TIMEOUT", level: 6, name: 18 };

/**
 * Lets proxies give up a connection to a service of the mesh when its other end no longer acknowledges what they send.
 * They then retry with another pod, and pass over the one that is lost. No API of Istio's sets this option of a socket.
 * Connections that leave the mesh stay as they are: a slow line is no lost node.
 */
export class LostConnections extends pulumi.ComponentResource {
  constructor(name: string, args: LostConnectionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:LostConnections", name, {}, opts);
    const check = new ArgsCheck("LostConnections");
    args.services.forEach(({ namespace }, i) => check.requireDnsLabel(`services[${i}].namespace`, namespace));
    check.require(args.services.length > 0, "services", args.services, "name at least one service").done(this);

    const option = { ...tcpUserTimeout, int_value: acknowledgedWithinMs, state: "STATE_PREBIND" };
    new EnvoyFilter(
      `${name}-filter`,
      {
        metadata: { name: "lost-connections", namespace: args.systemNamespace },
        spec: {
          configPatches: args.services.flatMap(({ namespace, service }) =>
            (["SIDECAR_OUTBOUND", "GATEWAY"] as const).map((context) => ({
              applyTo: "CLUSTER" as const,
              match: { context, cluster: { service: serviceHost(service, namespace) } },
              patch: { operation: "MERGE" as const, value: { upstream_bind_config: { socket_options: [option] } } },
            })),
          ),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
