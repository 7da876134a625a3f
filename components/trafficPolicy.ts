import * as pulumi from "@pulumi/pulumi";
import { isDuration, milliseconds } from "./durations";
import { DestinationRule } from "./istioApi/destinationRule";
import type { TrafficPolicySpec } from "./istioApi/destinationRule";
import { EnvoyFilter } from "./istioApi/envoyFilter";
import { globalRateLimitFilter } from "./rateLimit/globalRateLimit";
import type { GlobalRateLimit, RateLimitEndpoint } from "./rateLimit/globalRateLimit";
import { checkGlobalRateLimit } from "./rateLimit/globalRateLimitCheck";
import { rateLimitFilter, shortestFillMs } from "./rateLimitFilter";
import type { RateLimit } from "./rateLimitFilter";
import { ArgsCheck, isDnsLabel } from "./validation";

/** Limits to what a caller's proxy sends, and when it gives an endpoint a rest. */
export interface CircuitBreaker {
  /** Connections of each caller's proxy to the service. Default: Istio's, no limit. */
  maxConnections?: number;
  /** Requests that wait for a connection; beyond it they fail with 503. Default: Istio's, no limit. */
  maxPendingRequests?: number;
  /** Requests under way at once. Default: Istio's, no limit. */
  maxRequests?: number;
  /** Answers of 5xx in a row after which an endpoint is ejected. Default: none is ejected. */
  consecutive5xx?: number;
  /** Time between two looks at who is to be ejected or to return. Default `10s`. */
  interval?: string;
  /** Time of the first ejection; each further one of the same endpoint is longer by as much. Default `30s`. */
  baseEjectionTime?: string;
  /** Percent of the endpoints, 0 to 100, that may be ejected at once. Default 50: half of them stays. */
  maxEjectionPercent?: number;
}

/** Limits of a service. */
export interface ServiceLimits {
  /** Default: no limits; an endpoint is ejected only if it cannot be reached. */
  circuitBreaker?: CircuitBreaker;
  /** Limit of each pod. Default: none. */
  rateLimit?: RateLimit;
  /** Limit of all pods together. Default: none. */
  globalRateLimit?: GlobalRateLimit;
  /** Who counts for `globalRateLimit`. */
  rateLimitService?: RateLimitEndpoint;
}

/** Args of {@link TrafficPolicy}. */
export interface TrafficPolicyArgs extends ServiceLimits {
  /** Namespace of the Service. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, and value of the label `app` of its pods. */
  serviceName: string;
  /** Versions that routes may name, values of the label `version`. Default none. */
  versions?: string[];
  /** Each version has a Service of its own, whose callers keep the same policy. Default false. */
  versionServices?: boolean;
}

/** Half of the endpoints: Istio's own 10 percent would eject none of a few. */
const defaultMaxEjectionPercent = 50;

/**
 * How callers' proxies find out that a pod's node is gone, long before Kubernetes does: that takes 40 seconds and more.
 * A connection is there within a second, or another endpoint is tried; an idle one is asked whether its other end is
 * still there.
 */
const connectionTiming = { connectTimeout: "1s", tcpKeepalive: { time: "10s", interval: "2s", probes: 3 } };

/**
 * An endpoint gets a rest after three connections in a row that were refused, reset or not answered. What the
 * application answers does not count here. Where less than half of the endpoints are left, all are asked again: one
 * that may answer is better than none.
 */
const lostEndpoints = { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3, minHealthPercent: 50 };

/** @returns what a DestinationRule says to a service's callers. */
export function callersPolicy(breaker: CircuitBreaker = {}): TrafficPolicySpec {
  const { maxConnections, maxPendingRequests, maxRequests, consecutive5xx } = breaker;
  const http = {
    ...(maxPendingRequests !== undefined && { http1MaxPendingRequests: maxPendingRequests }),
    ...(maxRequests !== undefined && { http2MaxRequests: maxRequests }),
  };
  return {
    connectionPool: {
      tcp: { ...connectionTiming, ...(maxConnections !== undefined && { maxConnections }) },
      ...(Object.keys(http).length > 0 && { http }),
    },
    outlierDetection: {
      ...lostEndpoints,
      // Istio's own default is 5.
      consecutive5xxErrors: consecutive5xx ?? 0,
      interval: breaker.interval ?? "10s",
      baseEjectionTime: breaker.baseEjectionTime ?? "30s",
      maxEjectionPercent: breaker.maxEjectionPercent ?? defaultMaxEjectionPercent,
    },
  };
}

/**
 * What holds for a service before its pods start and before a route leads to it: lost endpoints, circuit breaking,
 * subsets, rate limit.
 *
 * Each version has a DestinationRule of its own, which Istio merges: a version that goes away takes its subset with it
 * after the routes were changed, while a change of one common DestinationRule would come before theirs and leave them
 * pointing nowhere.
 */
export class TrafficPolicy extends pulumi.ComponentResource {
  /** What declares the subset of each version, by its name. */
  // An accessor, as in istio.ts: resources are not handed to other languages.
  accessor subsets: Readonly<Record<string, pulumi.Resource>>;

  constructor(name: string, args: TrafficPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:TrafficPolicy", name, {}, opts);
    validate(args, this);

    const app = args.serviceName;
    new DestinationRule(
      `${name}-rule`,
      {
        metadata: { name: app, namespace: args.namespace },
        spec: { host: app, trafficPolicy: callersPolicy(args.circuitBreaker) },
      },
      { parent: this },
    );
    this.subsets = Object.fromEntries(
      (args.versions ?? []).map((version) => [
        version,
        new DestinationRule(
          `${name}-subset-${version}`,
          {
            metadata: { name: `${app}-${version}`, namespace: args.namespace },
            spec: { host: app, subsets: [{ name: version, labels: { version } }] },
          },
          { parent: this },
        ),
      ]),
    );
    for (const version of (args.versionServices && args.versions) || []) {
      new DestinationRule(
        `${name}-rule-${version}`,
        {
          metadata: { name: `${app}-${version}-service`, namespace: args.namespace },
          spec: { host: `${app}-${version}`, trafficPolicy: callersPolicy(args.circuitBreaker) },
        },
        { parent: this },
      );
    }
    if (args.rateLimit) {
      new EnvoyFilter(
        `${name}-rate-limit`,
        {
          metadata: {
            name: `${app}-rate-limit`,
            namespace: args.namespace,
          },
          spec: rateLimitFilter(app, args.rateLimit),
        },
        { parent: this },
      );
    }
    if (args.globalRateLimit && args.rateLimitService) {
      new EnvoyFilter(
        `${name}-rate-limit-global`,
        {
          metadata: { name: `${app}-rate-limit-global`, namespace: args.namespace },
          spec: globalRateLimitFilter(app, args.globalRateLimit, args.rateLimitService),
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function validate(args: TrafficPolicyArgs, resource: pulumi.Resource): void {
  const { circuitBreaker = {}, rateLimit, globalRateLimit } = args;
  const check = new ArgsCheck("TrafficPolicy").requireDnsLabel("serviceName", args.serviceName);
  for (const key of ["maxConnections", "maxPendingRequests", "maxRequests", "consecutive5xx"] as const) {
    const value = circuitBreaker[key];
    check.require(isCount(value), `circuitBreaker.${key}`, value, "use a whole number, 1 or more");
  }
  for (const key of ["interval", "baseEjectionTime"] as const) {
    const value = circuitBreaker[key];
    check.require(
      value === undefined || isDuration(value),
      `circuitBreaker.${key}`,
      value,
      "use a duration such as 10s or 1m30s",
    );
  }
  if (rateLimit) {
    check.require(isCount(rateLimit.tokens), "rateLimit.tokens", rateLimit.tokens, "use a whole number, 1 or more");
    check.require(
      rateLimit.burst === undefined || (isCount(rateLimit.burst) && rateLimit.burst >= rateLimit.tokens),
      "rateLimit.burst",
      rateLimit.burst,
      "use a whole number of at least tokens",
    );
    check.require(
      (milliseconds(rateLimit.fillInterval) ?? 0) >= shortestFillMs,
      "rateLimit.fillInterval",
      rateLimit.fillInterval,
      `use a duration of at least ${shortestFillMs}ms`,
    );
  }
  if (globalRateLimit) {
    checkGlobalRateLimit(check, globalRateLimit, "globalRateLimit");
    check.require(
      args.rateLimitService !== undefined,
      "rateLimitService",
      args.rateLimitService,
      "globalRateLimit needs a rate limit service; give the endpoint of a RateLimitService",
    );
  }
  args.versions?.forEach((version, i) =>
    check.require(isDnsLabel(version), `versions[${i}]`, version, "use a DNS label such as v2"),
  );
  check.done(resource);
}

function isCount(value: number | undefined): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 1);
}
