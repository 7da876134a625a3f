import * as pulumi from "@pulumi/pulumi";
import { milliseconds } from "../durations";
import { versionName } from "../echoService";
import { weighted } from "../serviceRoute";
import type { Canary, Mirror, Retries, RouteSettings, RouteTarget } from "../serviceRoute";
import type { BackendRef, RouteFilter, RouteMatch, RouteRule } from "./httpRoute";

/** What an HTTPRoute's `retry` always retries on: Istio adds these to its codes. */
const retryConditions = ["connect-failure", "refused-stream", "unavailable", "cancelled"];

/** Tries after the first where a route says nothing of them: Istio's own. */
const istioAttempts = 2;

/** A setting of a route, as it is missing in an HTTPRoute. */
export interface Inexpressible {
  /** Path to the setting, for example `retries.attempts`. */
  field: string;
  value: unknown;
  /** Why it cannot be said, and what can. */
  fix: string;
}

/** @returns the settings of a route that no HTTPRoute can express. */
export function beyondHttpRoute({ retries, fault }: RouteSettings): Inexpressible[] {
  const [codes, conditions] = retryOnOf(retries);
  const complete = retryConditions.every((one) => conditions.includes(one));
  return [
    ...(fault ? [{ field: "fault", value: fault, fix: "an HTTPRoute injects no faults; leave it out" }] : []),
    ...(retries?.attempts === 0
      ? [
          {
            field: "retries.attempts",
            value: 0,
            fix: "an HTTPRoute cannot switch Istio's own retries off; use 1 or more",
          },
        ]
      : []),
    ...(retries?.retryOn !== undefined &&
    !(complete && conditions.length === retryConditions.length && codes.every((code) => code >= 400 && code < 600))
      ? [
          {
            field: "retries.retryOn",
            value: retries.retryOn,
            fix: `an HTTPRoute retries on ${retryConditions.join(",")}, and on status codes from 400 to 599 besides; use all of the first`,
          },
        ]
      : []),
  ];
}

function retryOnOf(retries?: Retries): [number[], string[]] {
  const all = retries?.retryOn?.split(",").map((one) => one.trim()) ?? [];
  return [all.filter((one) => /^\d+$/.test(one)).map(Number), all.filter((one) => !/^\d+$/.test(one))];
}

/** @returns a duration as the Gateway API takes it: whole numbers of at most five digits (GEP-2257). */
export function gatewayDuration(text: string): string {
  let rest = Math.max(1, Math.round(milliseconds(text) ?? 0));
  return Object.entries({ h: 3_600_000, m: 60_000, s: 1000, ms: 1 })
    .map(([unit, ms]) => {
      const count = Math.floor(rest / ms);
      rest -= count * ms;
      return count > 0 ? `${count}${unit}` : "";
    })
    .join("");
}

/**
 * @param path First segments of the path; an HTTPRoute compares whole segments.
 * @param name Name of the rule, a DNS subdomain.
 * @returns the rules of an HTTPRoute that lead to one service.
 */
export function routeRules(target: RouteTarget, settings: RouteSettings, path: string, name: string): RouteRule[] {
  const backend = (version?: string): BackendRef => ({
    name: pulumi.output(target.service).apply((service) => versionName(service, version)),
    port: target.port,
  });
  const match: RouteMatch = { path: { type: "PathPrefix", value: path } };
  const { canary, mirror } = settings;
  const rule: RouteRule = {
    name,
    matches: [match],
    ...(mirror && { filters: [mirrorFilter(mirror, backend(mirror.version))] }),
    backendRefs: weighted(settings.versions).map(({ version, weight }) => {
      return { ...backend(version), ...(weight !== undefined && { weight }) };
    }),
    ...policies(settings),
  };
  return canary
    ? [
        {
          ...rule,
          name: `${name}-canary`,
          matches: [{ ...match, headers: [canaryHeader(canary)] }],
          backendRefs: [backend(canary.version)],
        },
        rule,
      ]
    : [rule];
}

/**
 * Timeouts and retries. A time of one try is Istio's only beside `retry`: without it, it would be that of the whole
 * request.
 */
function policies({ timeout, retries }: RouteSettings): Pick<RouteRule, "timeouts" | "retry"> {
  const [codes] = retryOnOf(retries);
  const { attempts = istioAttempts, perTryTimeout } = retries ?? {};
  const timeouts = {
    ...(timeout !== undefined && { request: gatewayDuration(timeout) }),
    ...(perTryTimeout !== undefined && { backendRequest: gatewayDuration(perTryTimeout) }),
  };
  return {
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    // Left out where Istio does the same without it, so that definitions of the standard channel do.
    ...((attempts !== istioAttempts || perTryTimeout !== undefined || codes.length > 0) && {
      retry: { attempts, ...(codes.length > 0 && { codes }) },
    }),
  };
}

function canaryHeader({ header, value }: Canary): NonNullable<RouteMatch["headers"]>[number] {
  return value === undefined
    ? { type: "RegularExpression", name: header, value: ".*" }
    : { type: "Exact", name: header, value };
}

function mirrorFilter({ percent }: Mirror, backendRef: BackendRef): RouteFilter {
  const share = Number.isInteger(percent)
    ? { percent }
    : { fraction: { numerator: Math.round(percent * 10_000), denominator: 1_000_000 } };
  return { type: "RequestMirror", requestMirror: { backendRef, ...share } };
}
