import type { EnvoyFilterSpec } from "../istioApi/envoyFilter";
import { inboundHttpFilter } from "../istioApi/inboundHttpFilter";

/** Windows in which requests are counted. */
export const RateLimitUnit = { Second: "second", Minute: "minute", Hour: "hour", Day: "day" } as const;

/** One of {@link RateLimitUnit}. */
export type RateLimitUnit = (typeof RateLimitUnit)[keyof typeof RateLimitUnit];

/** Requests in a window of time, counted over all pods of a service. */
export interface GlobalRateLimit {
  /** Requests that pass in each window; beyond it they are answered with 429. */
  requests: number;
  /** Length of a window. Windows begin with the clock's (UTC), not with the first request. */
  unit: RateLimitUnit;
  /** Let requests pass while the rate limit service does not answer. Default true; false answers them with 503. */
  failOpen?: boolean;
}

/** Most requests of a window: the rate limit service counts in 32 bits. */
export const mostRequests = 2 ** 32 - 1;

/** Where proxies ask whether a request may pass. */
export interface RateLimitEndpoint {
  /** Full name of its Service: the proxies know it by this. */
  host: string;
  /** Port of gRPC. */
  port: number;
  /** What the limits are filed under. */
  domain: string;
}

/** A service and its limit. */
export interface ServiceLimit {
  /** Name of the service. */
  service: string;
  limit: GlobalRateLimit;
}

/** What proxies call the service whose request they ask about. */
const descriptorKey = "service";

/**
 * Seconds that a proxy waits for an answer. Envoy's own 0.02 is less than the way through two more proxies and Redis
 * may take on a busy node; this much is what each request loses while the rate limit service hangs.
 */
const timeoutSeconds = 0.25;

/** @returns the limits as the rate limit service reads them; JSON is YAML too. */
export function limitsFile(domain: string, limits: readonly ServiceLimit[]): string {
  const descriptors = limits.map(({ service, limit }) => ({
    key: descriptorKey,
    value: service,
    rate_limit: { unit: limit.unit, requests_per_unit: limit.requests },
  }));
  return JSON.stringify({ domain, descriptors }, undefined, 2);
}

/** @returns the EnvoyFilter by which the pods with this `app` label ask whether a request may pass. */
export function globalRateLimitFilter(
  app: string,
  { failOpen = true }: GlobalRateLimit,
  { host, port, domain }: RateLimitEndpoint,
): EnvoyFilterSpec {
  return {
    workloadSelector: { labels: { app } },
    // Later than a local limit, which stands before it then: what a pod refuses by itself need not be asked about.
    priority: 20,
    configPatches: [
      inboundHttpFilter({
        name: "envoy.filters.http.ratelimit",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
          domain,
          timeout: `${timeoutSeconds}s`,
          failure_mode_deny: !failOpen,
          status_on_error: { code: "ServiceUnavailable" },
          // x-ratelimit-limit, -remaining and -reset, on answers that pass as well.
          enable_x_ratelimit_headers: "DRAFT_VERSION_03",
          rate_limit_service: {
            transport_api_version: "V3",
            grpc_service: {
              envoy_grpc: {
                // istiod's name for it; Envoy would take it for the authority as well, where | is not allowed.
                cluster_name: `outbound|${port}||${host}`,
                authority: host,
              },
            },
          },
        },
      }),
      {
        applyTo: "VIRTUAL_HOST",
        match: { context: "SIDECAR_INBOUND" },
        patch: {
          operation: "MERGE",
          value: {
            rate_limits: [{ actions: [{ generic_key: { descriptor_key: descriptorKey, descriptor_value: app } }] }],
          },
        },
      },
    ],
  };
}
