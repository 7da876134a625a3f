import { milliseconds } from "./durations";
import type { EnvoyFilterSpec } from "./istioApi/envoyFilter";
import { inboundHttpFilter } from "./istioApi/inboundHttpFilter";

/**
 * A token bucket: each request takes a token, and is answered with 429 where none is left. Each pod has a bucket of its
 * own.
 */
export interface RateLimit {
  /** Tokens that are added at each interval. */
  tokens: number;
  /** Interval at which tokens are added, at least 50ms. */
  fillInterval: string;
  /** Most tokens that the bucket holds: requests that may come at once. Default `tokens`. */
  burst?: number;
}

/** Shortest interval that Envoy accepts, in milliseconds. */
export const shortestFillMs = 50;

/** @returns the EnvoyFilter that puts a rate limit in front of the pods with this `app` label. */
export function rateLimitFilter(app: string, limit: RateLimit): EnvoyFilterSpec {
  const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  return {
    workloadSelector: { labels: { app } },
    priority: 10,
    configPatches: [
      inboundHttpFilter({
        name: "envoy.filters.http.local_ratelimit",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
          stat_prefix: "http_local_rate_limiter",
          token_bucket: {
            max_tokens: limit.burst ?? limit.tokens,
            tokens_per_fill: limit.tokens,
            fill_interval: seconds(limit.fillInterval),
          },
          filter_enabled: { runtime_key: "local_rate_limit_enabled", ...always },
          filter_enforced: { runtime_key: "local_rate_limit_enforced", ...always },
          // x-ratelimit-limit, -remaining and -reset, on answers that pass as well.
          enable_x_ratelimit_headers: "DRAFT_VERSION_03",
          response_headers_to_add: [
            {
              append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
              header: { key: "retry-after", value: String(retryAfterSeconds(limit)) },
            },
          ],
        },
      }),
    ],
  };
}

/** @returns whole seconds after which a token is there again. */
export function retryAfterSeconds({ fillInterval }: Pick<RateLimit, "fillInterval">): number {
  return Math.max(1, Math.ceil((milliseconds(fillInterval) ?? 0) / 1000));
}

/** Envoy's JSON knows durations in seconds alone. */
function seconds(duration: string): string {
  return `${(milliseconds(duration) ?? 0) / 1000}s`;
}
