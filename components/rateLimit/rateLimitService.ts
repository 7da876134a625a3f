import * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "../hosts";
import { AccessPolicy } from "../accessPolicy";
import type { MutualTlsMode } from "../istioApi/peerAuthentication";
import { MeshNamespace } from "../meshNamespace";
import { declareProxyScope, knownHost } from "../proxyScope";
import type { PodSecurity } from "../meshNamespace";
import { ArgsCheck, isPort } from "../validation";
import { limitsFile } from "./globalRateLimit";
import type { RateLimitEndpoint, ServiceLimit } from "./globalRateLimit";
import { checkGlobalRateLimit } from "./globalRateLimitCheck";
import type { Resources } from "./pod";
import { declareRedis, redisName, redisPort } from "./redis";
import { declareServer, serverName, serverPorts } from "./server";
import type { RedisAddress } from "./server";

/** Namespace of the rate limit service and its Redis. */
export const rateLimitNamespace = "rate-limit";

/** The rate limit service, as {@link declareProxyScope} names it. */
export const rateLimitHost = knownHost(rateLimitNamespace, serverName);

/** How the rate limit service runs. */
export interface RateLimitSizing {
  /** Pods of the rate limit service. Redis has one. */
  replicas: number;
  /** Requests and limits of the rate limit service. */
  resources: Resources;
  /** Requests and limits of Redis. */
  redisResources: Resources;
}

/** Args of {@link RateLimitService}. */
export interface RateLimitServiceArgs {
  /** Namespace of the services that are limited. */
  servicesNamespace: string;
  /** The services, each with its limit. */
  limits: readonly ServiceLimit[];
  sizing: RateLimitSizing;
  images: { rateLimit: pulumi.Input<string>; redis: pulumi.Input<string> };
  /** A Redis that is there already. Default: one is installed. */
  redis?: RedisAddress;
  /** Control plane revision that injects the pods. Default: the default one. */
  revision?: string;
  /** Annotations of the pods. Default none. */
  podAnnotations?: Record<string, string>;
  /** What the pods accept. Default `STRICT`: plain text is refused. */
  mtls?: MutualTlsMode;
  /** Pod Security level that the namespace enforces. Default: the cluster decides. */
  podSecurity?: PodSecurity;
  /** Let packets in from this namespace and the services' alone. Default false. */
  networkPolicy?: boolean;
  /**
   * What its sidecars know of the mesh besides their own namespace, as {@link declareProxyScope} takes it. Default: all
   * of it.
   */
  knownHosts?: string[];
}

/**
 * envoyproxy/ratelimit with a Redis: proxies ask it whether a request may pass, so that all pods of a service share one
 * limit.
 *
 * It is part of the mesh, in a namespace of its own: the questions go over mutual TLS, only the limited services may
 * ask, and only it may talk to Redis. Any other client could use up the limit of a service. Let it depend on Istio's
 * control plane.
 */
export class RateLimitService extends pulumi.ComponentResource {
  /** Where proxies ask. What is to be limited from its first request on depends on this component. */
  readonly endpoint: RateLimitEndpoint;

  constructor(name: string, args: RateLimitServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:RateLimitService", name, {}, opts);
    validate(args, this);
    const { images, limits, servicesNamespace, sizing } = args;
    const parent = { parent: this };

    const meshNamespace = new MeshNamespace(
      name,
      {
        namespace: rateLimitNamespace,
        revision: args.revision,
        mtls: args.mtls,
        podSecurity: args.podSecurity,
        allowedNamespaces: args.networkPolicy ? [servicesNamespace] : undefined,
      },
      parent,
    );
    const { namespace } = meshNamespace;
    const access = new AccessPolicy(
      `${name}-access`,
      {
        namespace,
        services: [
          {
            service: serverName,
            // Each service runs as the account of its name.
            callers: limits.map(({ service }) => ({ namespace: servicesNamespace, serviceAccount: service })),
          },
          ...(args.redis ? [] : [{ service: redisName, callers: [{ namespace, serviceAccount: serverName }] }]),
        ],
      },
      parent,
    );

    const scopes = args.knownHosts
      ? [
          declareProxyScope(
            name,
            {
              namespace,
              hosts: ["./*", ...args.knownHosts, ...(args.redis ? [pulumi.interpolate`*/${args.redis.host}`] : [])],
            },
            { parent: this, dependsOn: meshNamespace },
          ),
        ]
      : [];
    const redis = args.redis
      ? undefined
      : declareRedis(
          `${name}-redis`,
          { namespace, image: images.redis, resources: sizing.redisResources, podAnnotations: args.podAnnotations },
          // No pod starts unprotected.
          { parent: this, dependsOn: [meshNamespace, access, ...scopes] },
        );
    declareServer(
      `${name}-server`,
      {
        namespace,
        image: images.rateLimit,
        resources: sizing.resources,
        replicas: sizing.replicas,
        limits: limitsFile(servicesNamespace, limits),
        podAnnotations: args.podAnnotations,
        redis: args.redis ?? { host: redisName, port: redisPort },
      },
      // It ends at once if Redis does not answer.
      {
        parent: this,
        dependsOn: [meshNamespace, access, ...scopes, ...(redis ? [redis.deployment, redis.service] : [])],
      },
    );

    this.endpoint = {
      host: serviceHost(serverName, rateLimitNamespace),
      port: serverPorts.grpc,
      domain: servicesNamespace,
    };
    this.registerOutputs({ endpoint: this.endpoint });
  }
}

function validate(args: RateLimitServiceArgs, resource: pulumi.Resource): void {
  const { limits, redis, sizing } = args;
  const check = new ArgsCheck("RateLimitService")
    .requireDnsLabel("servicesNamespace", args.servicesNamespace)
    .require(
      args.servicesNamespace !== rateLimitNamespace,
      "servicesNamespace",
      args.servicesNamespace,
      "that is the rate limit service's own; give the services another one",
    )
    .require(limits.length > 0, "limits", limits, "give at least one; without a limit there is nothing to ask it")
    .require(
      Number.isInteger(sizing.replicas) && sizing.replicas >= 1,
      "sizing.replicas",
      sizing.replicas,
      "use a whole number, 1 or more",
    );
  limits.forEach(({ service, limit }, i) => {
    check.requireDnsLabel(`limits[${i}].service`, service);
    checkGlobalRateLimit(check, limit, `limits[${i}].limit`);
  });
  if (redis) {
    check.require(isPort(redis.port), "redis.port", redis.port, "use a whole number from 1 to 65535");
  }
  check.done(resource);
}
