import { milliseconds } from "../../components/durations";
import type { CircuitBreaker } from "../../components/trafficPolicy";
import type { DeclaredService } from "../../stacks/declared";
import type { Answer } from "../shared/httpClient";
import { tally } from "../shared/statistics";
import { fail, pass, skip } from "./check";
import type { Outcome } from "./check";
import { faultHeaders } from "./faults";

/** What an exercise of one policy showed. */
export interface Exercised {
  /** Service and policy. */
  what: string;
  /** What was seen. */
  seen: string;
  verdict: "holds" | "broken" | "left out";
}

const holds = (what: string, seen: string): Exercised => ({ what, seen, verdict: "holds" });
const broken = (what: string, seen: string): Exercised => ({ what, seen, verdict: "broken" });
/** @returns that a policy was not exercised, and why. */
export const leftOut = (what: string, seen: string): Exercised => ({ what, seen, verdict: "left out" });

/** @returns true if the service's own rate limit answered, which stands before all that is exercised of it. */
function isLimited({ rateLimit, globalRateLimit }: DeclaredService, { status }: Pick<Answer, "status">): boolean {
  return status === 429 && (rateLimit !== undefined || globalRateLimit !== undefined);
}

const limitFirst = "its rate limit answered first";

/**
 * @param tries How often the service was asked.
 * @returns whether a request that always failed was tried as often as declared.
 */
export function judgeRetries(service: DeclaredService, answer: Answer, tries: number): Exercised {
  const wanted = 1 + (service.retries?.attempts ?? 0);
  const seen = `a request that always fails was tried ${tries} times, and answered with ${answer.status}`;
  const what = `${service.name} retries`;
  if (tries === wanted) {
    return holds(what, seen);
  }
  return isLimited(service, answer) ? leftOut(what, limitFirst) : broken(what, `${seen}; declared are ${wanted} tries`);
}

/** @returns the headers of a request that fails in a way that is retried; undefined if nothing here can make it. */
export function retriedFailure(retryOn: string | undefined): Record<string, string> | undefined {
  const conditions = retryOn?.split(",") ?? ["unavailable"];
  if (conditions.includes("unavailable")) {
    return faultHeaders.unavailable();
  }
  return conditions.some((one) => ["5xx", "503", "gateway-error"].includes(one)) ? faultHeaders.abort(503) : undefined;
}

/** Milliseconds that a request which is to outlast a timeout takes longer than that. */
export const overtimeMs = 3000;

/** @returns whether a request that takes {@link overtimeMs} too long ended at the timeout, or at that of one try. */
export function judgeTimeout(service: DeclaredService, answer: Answer): Exercised {
  const { status, ms } = answer;
  const what = `${service.name} timeout`;
  const total = milliseconds(service.timeout ?? "") ?? 0;
  const earliest = Math.min(total, milliseconds(service.retries?.perTryTimeout ?? "") ?? total);
  const seen = `a request that takes too long ended with ${status} after ${(ms / 1000).toFixed(1)} s`;
  if (status === 504 && ms >= earliest - 100 && ms < total + overtimeMs) {
    return holds(what, seen);
  }
  return isLimited(service, answer)
    ? leftOut(what, limitFirst)
    : broken(what, `${seen}; declared is ${service.timeout}`);
}

/**
 * @param pods Pods of the service, each with a bucket of its own.
 * @param ms Milliseconds that all requests together took: tokens come back meanwhile.
 * @returns whether requests beyond the bucket were refused, and those within it were not.
 */
export function judgeRateLimit(
  service: DeclaredService,
  answers: readonly Pick<Answer, "status">[],
  { pods, ms }: { pods: number; ms: number },
): Exercised {
  const what = `${service.name} rate limit`;
  const counts = tally(answers.map(({ status }) => status));
  const seen = `of ${answers.length} requests at once ${counts[200] ?? 0} passed and ${counts[429] ?? 0} got 429`;
  if ((counts[200] ?? 0) > 0 && (counts[429] ?? 0) > 0) {
    return holds(what, seen);
  }
  const { tokens, burst = tokens, fillInterval } = service.rateLimit!;
  const fills = Math.ceil(ms / (milliseconds(fillInterval) ?? 1));
  const mayPass = pods * (burst + fills * tokens);
  return counts[200] === answers.length && answers.length <= mayPass
    ? leftOut(what, `${answers.length} requests in ${(ms / 1000).toFixed(1)} s are no more than it lets pass`)
    : broken(what, seen);
}

/** @returns how many requests a caller's proxy takes before it refuses one; Infinity if it never does. */
export function mostUnderWay({ maxRequests, maxConnections, maxPendingRequests }: CircuitBreaker): number {
  // Beyond the connections requests wait, as many as may.
  const connected = (maxConnections ?? Infinity) + (maxPendingRequests ?? Infinity);
  return Math.min(maxRequests ?? Infinity, connected);
}

/**
 * The caller's proxy marks what it refuses. Where only the status is known, a 503 must come from the proxy: the
 * requests were delayed, not failed.
 */
function isOverload({ status, headers }: Pick<Answer, "status" | "headers">): boolean {
  return headers["x-envoy-overloaded"] === "true" || (status === 503 && Object.keys(headers).length === 0);
}

/** Milliseconds that the requests of each burst are delayed for, until one burst shows the circuit breaker. */
const burstDelaysMs = [1000, 2000, 4000] as const;

/**
 * A burst is under way at once only if its last request leaves before the first answer comes. A busy machine may need
 * longer than a second for that, so each further burst lasts longer.
 *
 * @returns milliseconds by which the requests of each burst are delayed. None of them meets a declared timeout if the
 * timeout is above a second.
 */
export function burstDelays({ timeout, retries }: Pick<DeclaredService, "timeout" | "retries">): number[] {
  const limits = [timeout, retries?.perTryTimeout].map((limit) => milliseconds(limit ?? "") ?? Infinity);
  const longest = Math.max(burstDelaysMs[0], 0.8 * Math.min(...limits));
  return burstDelaysMs.map((ms) => Math.min(ms, longest));
}

/**
 * @param ms Milliseconds that all requests together took. Much more than their delay says that they were not under way
 * at once.
 * @returns whether what was beyond the limits was refused at once, as overload.
 */
export function judgeBreaker(
  service: DeclaredService,
  answers: readonly Pick<Answer, "status" | "headers">[],
  ms: number,
): Exercised {
  const what = `${service.name} circuit breaker`;
  const overloaded = answers.filter(isOverload).length;
  const seen =
    `of ${answers.length} slow requests at once ${overloaded} were refused as overload, ` +
    `in ${(ms / 1000).toFixed(1)} s`;
  if (overloaded > 0 && overloaded < answers.length) {
    return holds(what, seen);
  }
  return answers.some((answer) => isLimited(service, answer)) ? leftOut(what, limitFirst) : broken(what, seen);
}

/** @returns what all exercises show together. */
export function judgeExercises(found: readonly Exercised[], mesh: string, kubectl: string): Outcome {
  const those = (verdict: Exercised["verdict"]) => found.filter((one) => one.verdict === verdict);
  const [first] = those("broken");
  if (first) {
    return fail(
      those("broken")
        .map(({ what, seen }) => `${what}: ${seen}`)
        .join("; "),
      `${first.what} is in Envoy as declared, but does not hold: ${first.seen}`,
      `${kubectl} -n ${mesh} get virtualservice,destinationrule,envoyfilter -o yaml`,
    );
  }
  const left = those("left out").map(({ what, seen }) => `${what} left out: ${seen}`);
  const held = those("holds").map(({ what, seen }) => `${what}: ${seen}`);
  return held.length > 0 ? pass([...held, ...left].join("; ")) : skip(left.join("; ") || "no policy is declared");
}
