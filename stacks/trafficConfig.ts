import { milliseconds } from "../components/durations";
import { mostRequests, RateLimitUnit } from "../components/rateLimit/globalRateLimit";
import type { GlobalRateLimit } from "../components/rateLimit/globalRateLimit";
import { shortestFillMs } from "../components/rateLimitFilter";
import type { RateLimit } from "../components/rateLimitFilter";
import type { Fault, Retries } from "../components/serviceRoute";
import { outlasts } from "../components/serviceRouteCheck";
import type { CircuitBreaker } from "../components/trafficPolicy";
import type { ItemReader } from "./itemReader";

/** What a service's callers do about slow and failing answers, and what it lets them. */
export interface TrafficConfig {
  timeout?: string;
  retries?: Retries;
  circuitBreaker?: CircuitBreaker;
  rateLimit?: RateLimit;
  globalRateLimit?: GlobalRateLimit;
  fault?: Fault;
}

/** Keys of an item of `services` that {@link readTraffic} reads. */
export const trafficKeys = ["timeout", "retries", "circuitBreaker", "rateLimit", "globalRateLimit", "fault"] as const;

/** What Envoy retries: its conditions and status codes. */
const retryConditions = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** More tries than this only hide a service that is down. */
const mostAttempts = 100;

/** Reads the traffic keys of a service; a key that is not set is as the profile has it. */
export function readTraffic(item: ItemReader, defaults: TrafficConfig): TrafficConfig {
  const timeout = item.duration("timeout") ?? defaults.timeout;
  return {
    timeout,
    retries: readRetries(item, timeout, defaults.retries),
    circuitBreaker: readCircuitBreaker(item) ?? defaults.circuitBreaker,
    rateLimit: readRateLimit(item) ?? defaults.rateLimit,
    globalRateLimit: readGlobalRateLimit(item) ?? defaults.globalRateLimit,
    fault: readFault(item) ?? defaults.fault,
  };
}

function readRetries(item: ItemReader, timeout: string | undefined, defaults?: Retries): Retries | undefined {
  const retries = item.object("retries", ["attempts", "perTryTimeout", "retryOn"]);
  if (!retries) {
    // A service with a short timeout of its own need not know how long the profile lets one try be.
    return defaults && outlasts(defaults.perTryTimeout, timeout) ? { ...defaults, perTryTimeout: undefined } : defaults;
  }
  const tries = retries.whole("attempts", 0, mostAttempts);
  const attempts = retries.required("attempts", tries, 0, 2);
  const perTryTimeout = retries.duration("perTryTimeout");
  if (outlasts(perTryTimeout, timeout)) {
    retries.problem(
      "perTryTimeout",
      perTryTimeout,
      `one try may not take longer than the whole request; lower it, or raise ${item.at}.timeout from ${timeout}`,
    );
  }
  const retryOn = retries.text("retryOn");
  if (tries === 0) {
    // Istio's webhook refuses such a route.
    for (const [key, value] of Object.entries({ perTryTimeout, retryOn }).filter(([, value]) => value !== undefined)) {
      retries.problem(key, value, "with attempts 0 nothing is tried again; raise attempts, or remove this");
    }
  }
  const unknown = (retryOn?.split(",") ?? [])
    .map((one) => one.trim())
    .filter((one) => !retryConditions.includes(one) && !/^[1-5]\d\d$/.test(one));
  if (unknown.length > 0) {
    const known = `use status codes and ${retryConditions.join(", ")}`;
    retries.problem("retryOn", retryOn, `${unknown.join(", ")} is unknown; ${known}`);
  } else if (retryOn !== undefined && /\s/.test(retryOn)) {
    retries.problem("retryOn", retryOn, "Envoy takes no blanks here; put a comma and nothing else between conditions");
  }
  return { attempts, perTryTimeout, retryOn };
}

function readCircuitBreaker(item: ItemReader): CircuitBreaker | undefined {
  const keys = [
    "maxConnections",
    "maxPendingRequests",
    "maxRequests",
    "consecutive5xx",
    "interval",
    "baseEjectionTime",
    "maxEjectionPercent",
  ];
  const breaker = item.object("circuitBreaker", keys);
  if (!breaker) {
    return undefined;
  }
  const most = 2 ** 31 - 1;
  const consecutive5xx = breaker.whole("consecutive5xx", 1, most);
  const ejection = {
    interval: breaker.duration("interval"),
    baseEjectionTime: breaker.duration("baseEjectionTime"),
    // A whole number in Istio's API, unlike other percentages.
    maxEjectionPercent: breaker.whole("maxEjectionPercent", 0, 100),
  };
  if (keys.every((key) => !breaker.has(key))) {
    item.problem("circuitBreaker", {}, `it limits nothing; set one of ${keys.join(", ")}, or remove the key`);
  }
  if (!breaker.has("consecutive5xx")) {
    for (const [key, value] of Object.entries(ejection).filter(([, value]) => value !== undefined)) {
      breaker.problem(key, value, "without consecutive5xx nothing is ever ejected; set that too, or remove this");
    }
  }
  return {
    maxConnections: breaker.whole("maxConnections", 1, most),
    maxPendingRequests: breaker.whole("maxPendingRequests", 1, most),
    maxRequests: breaker.whole("maxRequests", 1, most),
    consecutive5xx,
    ...ejection,
  };
}

function readRateLimit(item: ItemReader): RateLimit | undefined {
  const limit = item.object("rateLimit", ["tokens", "fillInterval", "burst"]);
  if (!limit) {
    return undefined;
  }
  const most = 1_000_000_000;
  const tokens = limit.required("tokens", limit.whole("tokens", 1, most), 1);
  const fillInterval = limit.required("fillInterval", limit.duration("fillInterval"), "1s");
  if ((milliseconds(fillInterval) ?? 0) < shortestFillMs) {
    limit.problem("fillInterval", fillInterval, `Envoy fills at most every ${shortestFillMs}ms; use that or more`);
  }
  const burst = limit.whole("burst", 1, most);
  if (burst !== undefined && burst < tokens) {
    limit.problem("burst", burst, `the bucket must hold what one interval adds; use ${tokens} or more`);
  }
  return { tokens, fillInterval, burst };
}

function readGlobalRateLimit(item: ItemReader): GlobalRateLimit | undefined {
  const limit = item.object("globalRateLimit", ["requests", "unit", "failOpen"]);
  return (
    limit && {
      requests: limit.required("requests", limit.whole("requests", 1, mostRequests), 1),
      unit: limit.required("unit", limit.oneOf("unit", Object.values(RateLimitUnit)), "minute"),
      failOpen: limit.boolean("failOpen"),
    }
  );
}

function readFault(item: ItemReader): Fault | undefined {
  const fault = item.object("fault", ["delay", "abort"]);
  const delay = fault?.object("delay", ["percent", "duration"]);
  const abort = fault?.object("abort", ["percent", "status"]);
  if (fault && !fault.has("delay") && !fault.has("abort")) {
    item.problem("fault", {}, "it does nothing; set delay or abort, or remove the key");
  }
  return (
    fault && {
      ...(delay && {
        delay: {
          percent: delay.percent("percent") ?? 100,
          duration: delay.required("duration", delay.duration("duration"), "1s"),
        },
      }),
      ...(abort && {
        abort: {
          percent: abort.percent("percent") ?? 100,
          status: abort.required("status", abort.whole("status", 200, 599), 500),
        },
      }),
    }
  );
}
