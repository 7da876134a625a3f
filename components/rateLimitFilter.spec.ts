import assert from "node:assert/strict";
import { rateLimitFilter, retryAfterSeconds } from "./rateLimitFilter";

describe("the rate limit of a pod", () => {
  it("sets Retry-After to when a token is surely there: in whole seconds, rounded up, at least one", () => {
    const seconds = (fillInterval: string) => retryAfterSeconds({ fillInterval });
    assert.deepEqual(["50ms", "1s", "1001ms", "1.2s", "90s", "1m30s"].map(seconds), [1, 1, 2, 2, 90, 90]);
  });

  it("fills its bucket as declared, and says so to Envoy in seconds", () => {
    const filterOf = (limit: Parameters<typeof rateLimitFilter>[1]) => {
      const [patch] = rateLimitFilter("shop", limit).configPatches as any[];
      return patch.patch.value.typed_config;
    };
    const filter = filterOf({ tokens: 5, fillInterval: "1500ms", burst: 9 });
    assert.deepEqual(filter.token_bucket, { max_tokens: 9, tokens_per_fill: 5, fill_interval: "1.5s" });
    assert.equal(filter.response_headers_to_add[0].header.value, "2");
    assert.equal(filterOf({ tokens: 5, fillInterval: "1s" }).token_bucket.max_tokens, 5);
  });

  it("stands before the pods of the service alone, for each request, and says how much is left", () => {
    const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
    const filter = rateLimitFilter("shop", { tokens: 1, fillInterval: "1s" });
    assert.deepEqual(filter.workloadSelector, { labels: { app: "shop" } });
    const [{ applyTo, match, patch }] = filter.configPatches as any[];
    assert.deepEqual([applyTo, match.context, patch.operation], ["HTTP_FILTER", "SIDECAR_INBOUND", "INSERT_BEFORE"]);
    const { token_bucket: _, ...rest } = patch.value.typed_config;
    assert.deepEqual(
      [patch.value.name, rest],
      [
        "envoy.filters.http.local_ratelimit",
        {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
          stat_prefix: "http_local_rate_limiter",
          filter_enabled: { runtime_key: "local_rate_limit_enabled", ...always },
          filter_enforced: { runtime_key: "local_rate_limit_enforced", ...always },
          enable_x_ratelimit_headers: "DRAFT_VERSION_03",
          response_headers_to_add: [
            { append_action: "OVERWRITE_IF_EXISTS_OR_ADD", header: { key: "retry-after", value: "1" } },
          ],
        },
      ],
    );
  });
});
