import { isMap } from "../../common/isMap";
import { milliseconds } from "../../components/durations";
import type { DeclaredService } from "../../stacks/declared";

/** A part of Envoy's configuration dump. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

type JsonObject = Record<string, Json>;

function isJsonObject(value: Json | undefined): value is JsonObject {
  return isMap(value);
}

/** @returns every object anywhere below `value` that `test` accepts. */
function findAll(value: Json | undefined, test: (object: JsonObject) => boolean): JsonObject[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => findAll(item, test));
  }
  if (!isJsonObject(value)) {
    return [];
  }
  return [...(test(value) ? [value] : []), ...Object.values(value).flatMap((item) => findAll(item, test))];
}

/** A difference between what was declared and what Envoy has. */
export interface Difference {
  what: string;
  declared: string;
  envoy: string;
}

/** @returns milliseconds of a duration as Envoy writes it, `0.500s`. */
function envoyMs(text: Json | undefined): number | undefined {
  return typeof text === "string" && /^[\d.]+s$/.test(text) ? Math.round(parseFloat(text) * 1000) : undefined;
}

function compare(what: string, declared: number | string | undefined, envoy: Json | undefined): Difference[] {
  return declared === undefined || declared === envoy
    ? []
    : [{ what, declared: String(declared), envoy: envoy === undefined ? "none" : JSON.stringify(envoy) }];
}

/** Compares durations, which the two sides write differently. */
function compareTime(what: string, declared: string | undefined, envoy: Json | undefined): Difference[] {
  return declared === undefined || milliseconds(declared) === envoyMs(envoy)
    ? []
    : [{ what, declared, envoy: typeof envoy === "string" ? envoy : "none" }];
}

/**
 * @returns the rules of the gateway's route configuration that lead requests to a path: a VirtualService's, or an
 * HTTPRoute's.
 */
export function rulesOfPath(path: string, routes: Json): JsonObject[] {
  const isMatch = (match: Json | undefined) =>
    isJsonObject(match) &&
    (path === "/" ? match.prefix === path : match.path === path || match.path_separated_prefix === path);
  return findAll(routes, ({ match, route }) => isMatch(match) && isJsonObject(route));
}

/** @returns the rules of a sidecar's route configuration that lead requests to a port of a host. */
export function rulesOfHost(host: string, port: number, routes: Json): JsonObject[] {
  const virtualHosts = findAll(routes, ({ name, domains }) => name === `${host}:${port}` && Array.isArray(domains));
  return findAll(
    virtualHosts.map((one) => one.routes ?? []),
    ({ match, route }) => isJsonObject(match) && isJsonObject(route),
  );
}

/**
 * @param rules What a caller's proxy has for the service; of versions and canaries there are several, with the same
 * policies.
 * @returns where timeout and retries are not as declared.
 */
export function routeDifferences(service: DeclaredService, rules: readonly JsonObject[]): Difference[] {
  if (rules.length === 0) {
    return [{ what: "route", declared: "there", envoy: "none" }];
  }
  const all = rules.flatMap(({ route }) => ruleDifferences(service, route as JsonObject));
  return all.filter(({ what }, i) => all.findIndex((one) => one.what === what) === i);
}

function ruleDifferences({ timeout, retries }: DeclaredService, route: JsonObject): Difference[] {
  const policy = isJsonObject(route.retry_policy) ? route.retry_policy : {};
  return [
    ...compareTime("timeout", timeout, route.timeout),
    // Envoy writes no number where it is its default, 1; and no policy where nothing is tried again.
    ...compare("retries.attempts", retries?.attempts, isJsonObject(route.retry_policy) ? (policy.num_retries ?? 1) : 0),
    ...(retries && retries.attempts > 0
      ? compareTime("retries.perTryTimeout", retries.perTryTimeout, policy.per_try_timeout)
      : []),
  ];
}

/** @returns the hosts that rules of a route configuration lead to. */
export function hostsOfRules(rules: readonly JsonObject[]): string[] {
  // One cluster is in `cluster`, several with weights are in `name`.
  const named = rules.flatMap(({ route }) =>
    findAll(route, () => true).flatMap(({ cluster, name }) => [cluster, name].filter((one) => typeof one === "string")),
  );
  return [...new Set(named.flatMap((name) => /^outbound\|\d+\|[^|]*\|(.+)$/.exec(name)?.[1] ?? []))];
}

/**
 * @returns where the circuit breaker of callers is not as declared; `clusters` are the caller's, `host` is one that
 * they call.
 */
export function breakerDifferences(service: DeclaredService, clusters: Json, host: string): Difference[] {
  const breaker = service.circuitBreaker;
  if (!breaker) {
    return [];
  }
  const name = `outbound|${service.port}||${host}`;
  const [cluster] = findAll(clusters, (object) => object.name === name && "circuit_breakers" in object);
  const thresholds = findAll(cluster?.circuit_breakers, (object) => "max_connections" in object)[0] ?? {};
  const outlier = isJsonObject(cluster?.outlier_detection) ? cluster.outlier_detection : {};
  const ejects = breaker.consecutive5xx !== undefined;
  return [
    ...compare("circuitBreaker.maxConnections", breaker.maxConnections, thresholds.max_connections),
    ...compare("circuitBreaker.maxPendingRequests", breaker.maxPendingRequests, thresholds.max_pending_requests),
    ...compare("circuitBreaker.maxRequests", breaker.maxRequests, thresholds.max_requests),
    ...compare("circuitBreaker.consecutive5xx", breaker.consecutive5xx, outlier.consecutive_5xx),
    ...(ejects ? compareTime("circuitBreaker.interval", breaker.interval, outlier.interval) : []),
    ...(ejects
      ? compareTime("circuitBreaker.baseEjectionTime", breaker.baseEjectionTime, outlier.base_ejection_time)
      : []),
  ];
}

/** @returns where the rate limit in front of a service is not as declared; `listeners` are those of its own pod. */
export function rateLimitDifferences(service: DeclaredService, listeners: Json): Difference[] {
  return [...localLimitDifferences(service, listeners), ...globalLimitDifferences(service, listeners)];
}

function globalLimitDifferences({ globalRateLimit }: DeclaredService, listeners: Json): Difference[] {
  if (!globalRateLimit) {
    return [];
  }
  const type = /\.ratelimit\.v3\.RateLimit$/;
  const [filter] = findAll(listeners, (object) => typeof object["@type"] === "string" && type.test(object["@type"]));
  // Envoy leaves out what is false; how many requests pass is for the rate limit service to know.
  const { failOpen = true } = globalRateLimit;
  return compare("globalRateLimit.failOpen", failOpen ? 1 : 0, filter && (filter.failure_mode_deny === true ? 0 : 1));
}

function localLimitDifferences({ rateLimit }: DeclaredService, listeners: Json): Difference[] {
  if (!rateLimit) {
    return [];
  }
  const type = /\.local_ratelimit\.v3\.LocalRateLimit$/;
  const [limit] = findAll(listeners, (object) => typeof object["@type"] === "string" && type.test(object["@type"]));
  const bucket = isJsonObject(limit?.token_bucket) ? limit.token_bucket : {};
  return [
    ...compare("rateLimit.tokens", rateLimit.tokens, bucket.tokens_per_fill ?? (limit ? 1 : undefined)),
    ...compare("rateLimit.burst", rateLimit.burst ?? rateLimit.tokens, bucket.max_tokens),
    ...compareTime("rateLimit.fillInterval", rateLimit.fillInterval, bucket.fill_interval),
  ];
}
