import type { z } from "zod";
import { milliseconds } from "../components/durations";
import { mostRequests, RateLimitUnit } from "../components/rateLimit/globalRateLimit";
import { shortestFillMs } from "../components/rateLimitFilter";
import { outlasts } from "../components/serviceRouteCheck";
import type { Notes } from "./configReader";
import { duration, flag, item, number, oneOf, required, text, whole } from "./schema";

/** More tries than this only hide a service that is down. */
const mostAttempts = 100;

const mostTokens = 1_000_000_000;
const mostOfBreaker = 2 ** 31 - 1;

const breakerShape = {
  maxConnections: whole(1, mostOfBreaker).optional(),
  maxPendingRequests: whole(1, mostOfBreaker).optional(),
  maxRequests: whole(1, mostOfBreaker).optional(),
  consecutive5xx: whole(1, mostOfBreaker).optional(),
  interval: duration.optional(),
  baseEjectionTime: duration.optional(),
  // A whole number in Istio's API, unlike other percentages.
  maxEjectionPercent: whole(0, 100).optional(),
};

const percent = number(0, 100);

/** Keys of an item of `services`: what its callers do about slow and failing answers, and what it lets them. */
export const trafficShape = {
  timeout: duration.optional(),
  retries: item({
    attempts: required(whole(0, mostAttempts), 2),
    perTryTimeout: duration.optional(),
    retryOn: text.optional(),
  }).optional(),
  circuitBreaker: item(breakerShape)
    .refine(
      (breaker) => Object.values(breaker).some((one) => one !== undefined),
      `it limits nothing; set one of ${Object.keys(breakerShape).join(", ")}, or remove the key`,
    )
    .optional(),
  rateLimit: item({
    tokens: required(whole(1, mostTokens), 1),
    fillInterval: required(duration, "1s"),
    burst: whole(1, mostTokens).optional(),
  }).optional(),
  globalRateLimit: item({
    requests: required(whole(1, mostRequests), 1),
    unit: required(oneOf(Object.values(RateLimitUnit)), "minute"),
    failOpen: flag.optional(),
  }).optional(),
  fault: item({
    delay: item({ percent: percent.default(100), duration: required(duration, "1s") }).optional(),
    abort: item({ percent: percent.default(100), status: required(whole(200, 599), 500) }).optional(),
  })
    .refine(({ delay, abort }) => delay ?? abort, "it does nothing; set delay or abort, or remove the key")
    .optional(),
};

/** What a service's callers do about slow and failing answers, and what it lets them. */
export type TrafficConfig = z.output<z.ZodObject<typeof trafficShape>>;

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

/** @returns the traffic of a service; a key that is not set is as the profile has it. */
export function completeTraffic(own: TrafficConfig, notes: Notes, defaults: TrafficConfig): TrafficConfig {
  const timeout = own.timeout ?? defaults.timeout;
  checkRetries(own.retries, notes, timeout);
  checkCircuitBreaker(own.circuitBreaker, notes.in("circuitBreaker"));
  checkRateLimit(own.rateLimit, notes.in("rateLimit"));
  return {
    timeout,
    retries: own.retries ?? defaultRetries(defaults.retries, timeout),
    circuitBreaker: own.circuitBreaker ?? defaults.circuitBreaker,
    rateLimit: own.rateLimit ?? defaults.rateLimit,
    globalRateLimit: own.globalRateLimit ?? defaults.globalRateLimit,
    fault: own.fault ?? defaults.fault,
  };
}

/** A service with a short timeout of its own need not know how long the profile lets one try be. */
function defaultRetries(defaults: TrafficConfig["retries"], timeout: string | undefined): TrafficConfig["retries"] {
  return defaults && outlasts(defaults.perTryTimeout, timeout) ? { ...defaults, perTryTimeout: undefined } : defaults;
}

function checkRetries(retries: TrafficConfig["retries"], service: Notes, timeout: string | undefined): void {
  if (!retries) {
    return;
  }
  const notes = service.in("retries");
  const { attempts, perTryTimeout, retryOn } = retries;
  if (outlasts(perTryTimeout, timeout)) {
    const fix = `one try may not take longer than the whole request; lower it, or raise ${service.at}.timeout from ${timeout}`;
    notes.problem("perTryTimeout", perTryTimeout, fix);
  }
  if (attempts === 0) {
    // Istio's webhook refuses such a route.
    for (const [key, value] of Object.entries({ perTryTimeout, retryOn }).filter(([, value]) => value !== undefined)) {
      notes.problem(key, value, "with attempts 0 nothing is tried again; raise attempts, or remove this");
    }
  }
  const unknown = (retryOn?.split(",") ?? [])
    .map((one) => one.trim())
    .filter((one) => !retryConditions.includes(one) && !/^[1-5]\d\d$/.test(one));
  if (unknown.length > 0) {
    const known = `use status codes and ${retryConditions.join(", ")}`;
    notes.problem("retryOn", retryOn, `${unknown.join(", ")} is unknown; ${known}`);
  } else if (retryOn !== undefined && /\s/.test(retryOn)) {
    notes.problem("retryOn", retryOn, "Envoy takes no blanks here; put a comma and nothing else between conditions");
  }
}

function checkCircuitBreaker(breaker: TrafficConfig["circuitBreaker"], notes: Notes): void {
  if (!breaker || breaker.consecutive5xx !== undefined || notes.isWrong("consecutive5xx")) {
    return;
  }
  const { interval, baseEjectionTime, maxEjectionPercent } = breaker;
  for (const [key, value] of Object.entries({ interval, baseEjectionTime, maxEjectionPercent })) {
    if (value !== undefined) {
      notes.problem(key, value, "without consecutive5xx nothing is ever ejected; set that too, or remove this");
    }
  }
}

function checkRateLimit(limit: TrafficConfig["rateLimit"], notes: Notes): void {
  if (!limit) {
    return;
  }
  const { tokens, fillInterval, burst } = limit;
  if ((milliseconds(fillInterval) ?? 0) < shortestFillMs) {
    notes.problem("fillInterval", fillInterval, `Envoy fills at most every ${shortestFillMs}ms; use that or more`);
  }
  if (burst !== undefined && burst < tokens) {
    notes.problem("burst", burst, `the bucket must hold what one interval adds; use ${tokens} or more`);
  }
}
