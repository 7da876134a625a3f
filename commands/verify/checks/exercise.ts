import { randomBytes } from "node:crypto";
import { sharedLog } from "../../../components/accessLog";
import { milliseconds } from "../../../components/durations";
import type { DeclaredService } from "../../../stacks/declared";
import type { Answer } from "../../httpClient";
import { tally } from "../../statistics";
import { until } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { faultHeaders, faultsOnRequest } from "../faults";
import { refOfPod, servicePods } from "../meshPods";
import { containersOf, isReady } from "../objects";

/** Most requests that one exercise sends. */
const mostRequests = 400;

/** Times that a request which is to fail is sent until it does. */
const mostSends = 20;

/** Longest timeout that is waited for, in milliseconds. */
const longestTimeout = 30_000;

/** Seconds until the proxies have the fault filter, or have lost it. */
const patienceSeconds = 20;

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
const leftOut = (what: string, seen: string): Exercised => ({ what, seen, verdict: "left out" });

/**
 * @param tries How often the service was asked.
 * @returns whether a request that always failed was tried as often as declared.
 */
export function judgeRetries(service: DeclaredService, { status }: Answer, tries: number): Exercised {
  const wanted = 1 + (service.retries?.attempts ?? 0);
  const seen = `a request that always fails was tried ${tries} times, and answered with ${status}`;
  const what = `${service.name} retries`;
  return tries === wanted ? holds(what, seen) : broken(what, `${seen}; declared are ${wanted} tries`);
}

/** @returns the headers of a request that fails in a way that is retried; undefined if nothing here can make it. */
export function retriedFailure(retryOn: string | undefined): Record<string, string> | undefined {
  const conditions = retryOn?.split(",") ?? ["unavailable"];
  if (conditions.includes("unavailable")) {
    return faultHeaders.unavailable();
  }
  return conditions.some((one) => ["5xx", "503", "gateway-error"].includes(one)) ? faultHeaders.abort(503) : undefined;
}

/** @returns whether a request that takes too long ended at the timeout, or at that of one try. */
export function judgeTimeout(service: DeclaredService, { status, ms }: Answer): Exercised {
  const what = `${service.name} timeout`;
  const total = milliseconds(service.timeout ?? "") ?? 0;
  const earliest = Math.min(total, milliseconds(service.retries?.perTryTimeout ?? "") ?? total);
  const seen = `a request that takes too long ended with ${status} after ${(ms / 1000).toFixed(1)} s`;
  return status === 504 && ms >= earliest - 100 && ms <= total + 1500
    ? holds(what, seen)
    : broken(what, `${seen}; declared is ${service.timeout}`);
}

/** @returns whether requests beyond the bucket were refused, and those within it were not. */
export function judgeRateLimit(service: DeclaredService, answers: readonly Answer[]): Exercised {
  const what = `${service.name} rate limit`;
  const counts = tally(answers.map(({ status }) => status));
  const seen = `of ${answers.length} requests at once ${counts[200] ?? 0} passed and ${counts[429] ?? 0} got 429`;
  return (counts[200] ?? 0) > 0 && (counts[429] ?? 0) > 0 ? holds(what, seen) : broken(what, seen);
}

/** @returns whether what was beyond the limits was refused at once, as overload. */
export function judgeBreaker(service: DeclaredService, answers: readonly Answer[]): Exercised {
  const what = `${service.name} circuit breaker`;
  const overloaded = answers.filter(({ headers }) => headers["x-envoy-overloaded"] === "true").length;
  const seen = `of ${answers.length} slow requests at once ${overloaded} were refused as overload`;
  return overloaded > 0 && overloaded < answers.length ? holds(what, seen) : broken(what, seen);
}

/**
 * Sends a request that is to fail until it does: a connection that was open when the proxy got the fault filter does not have it, and
 * may still be used for a while.
 */
async function whenItFails(send: () => Promise<Answer>): Promise<Answer> {
  let answer = await send();
  for (let i = 1; i < mostSends && answer.status === 200 && !answer.headers["grpc-status"]; i++) {
    answer = await send();
  }
  return answer;
}

async function exerciseRetries(context: Context, service: DeclaredService, url: string): Promise<Exercised> {
  const what = `${service.name} retries`;
  const failure = retriedFailure(service.retries?.retryOn);
  if (!failure) {
    return leftOut(what, `they are for ${service.retries?.retryOn}, which nothing here can cause`);
  }
  const pods = ((await servicePods(context)).get(service.name) ?? []).filter(isReady);
  if (!pods.some((pod) => containersOf(pod).some(({ name }) => name === "log-rotator"))) {
    return leftOut(what, "without the shared access log nobody counts the tries");
  }
  let marker = "";
  const answer = await whenItFails(() => {
    // A marker of its own for each time: it is how the tries of one request are told from those of another.
    marker = `verify-${randomBytes(6).toString("hex")}`;
    return context.http.get(`${url}/${marker}`, failure);
  });
  const command = ["sh", "-c", `grep -c ${marker} ${sharedLog.file}`];
  const count = async () => {
    const counts = await Promise.all(
      pods.map((pod) => context.cluster.exec(refOfPod(pod).namespace, refOfPod(pod).name, "log-rotator", command)),
    );
    return counts.reduce((sum, { stdout }) => sum + (Number(stdout.trim()) || 0), 0);
  };
  const wanted = 1 + (service.retries?.attempts ?? 0);
  // Envoy writes its log once a second.
  await until(3, async () => ((await count()) >= wanted ? true : undefined));
  return judgeRetries(service, answer, await count());
}

async function exerciseTimeout({ http }: Context, service: DeclaredService, url: string): Promise<Exercised> {
  const ms = milliseconds(service.timeout ?? "") ?? 0;
  return ms > longestTimeout
    ? leftOut(`${service.name} timeout`, `${service.timeout} is longer than is waited for here`)
    : judgeTimeout(service, await whenItFails(() => http.get(url, faultHeaders.delay(ms + 3000))));
}

async function exerciseRateLimit(context: Context, service: DeclaredService, url: string): Promise<Exercised> {
  const { tokens, burst = tokens } = service.rateLimit!;
  const pods = ((await servicePods(context)).get(service.name) ?? []).filter(isReady).length;
  const send = burst * Math.max(1, pods) + tokens + 10;
  return send > mostRequests
    ? leftOut(`${service.name} rate limit`, `it takes ${send} requests to reach it`)
    : judgeRateLimit(service, await Promise.all(Array.from({ length: send }, () => context.http.get(url))));
}

async function exerciseBreaker(context: Context, service: DeclaredService, url: string): Promise<Exercised> {
  const what = `${service.name} circuit breaker`;
  const { maxRequests, maxConnections = maxRequests, maxPendingRequests = 0 } = service.circuitBreaker!;
  const most = Math.min(maxRequests ?? Infinity, (maxConnections ?? Infinity) + maxPendingRequests);
  const send = most + 10;
  return send > mostRequests
    ? leftOut(what, "it has no limit, or one that only more requests than are sent here would reach")
    : judgeBreaker(
        service,
        await Promise.all(Array.from({ length: send }, () => context.http.get(url, faultHeaders.delay(1000)))),
      );
}

/** Tries every policy of a service, the ones that send many requests last. */
async function exerciseService(context: Context, service: DeclaredService, url: string): Promise<Exercised[]> {
  const single = await Promise.all([
    ...(service.retries ? [exerciseRetries(context, service, url)] : []),
    ...(service.timeout ? [exerciseTimeout(context, service, url)] : []),
  ]);
  const breaker = service.circuitBreaker ? [await exerciseBreaker(context, service, url)] : [];
  const limit = service.rateLimit ? [await exerciseRateLimit(context, service, url)] : [];
  return [...single, ...breaker, ...limit];
}

/** @returns what all exercises show together. */
export function judgeExercises(found: readonly Exercised[], mesh: string, kubectl: string): Outcome {
  const told = (verdict: Exercised["verdict"]) => found.filter((one) => one.verdict === verdict);
  const [first] = told("broken");
  if (first) {
    return fail(
      told("broken")
        .map(({ what, seen }) => `${what}: ${seen}`)
        .join("; "),
      `${first.what} is in Envoy as declared, but does not hold: ${first.seen}`,
      `${kubectl} -n ${mesh} get virtualservice,destinationrule,envoyfilter -o yaml`,
    );
  }
  const left = told("left out").map(({ what, seen }) => `${what} left out: ${seen}`);
  const held = told("holds").map(({ what, seen }) => `${what}: ${seen}`);
  return held.length > 0 ? pass([...held, ...left].join("; ")) : skip(left.join("; ") || "no policy is declared");
}

/** Do retries, timeouts, limits and circuit breakers hold when they are tried? */
export const exercise: Check = {
  name: "exercise",
  description: "policies hold when tried (--deep)",
  needs: ["traffic-policy", "synced"],
  last: true,
  async run(context): Promise<Outcome> {
    const { cluster, declared, deep, http, gatewayUrl } = context;
    const { mesh } = declared.namespaces;
    if (!deep) {
      return skip("it costs requests that fail: asked for with --deep");
    }
    // A service that fails on purpose already tells nothing of its policies.
    const services = declared.services.filter(({ path, fault }) => path !== undefined && path !== "/" && !fault);
    const [first] = services;
    if (!first || gatewayUrl === undefined) {
      return skip("no service has a path on the gateway");
    }
    const filter = faultsOnRequest(mesh);
    const { apiVersion = "", kind = "" } = filter;
    try {
      await cluster.client.apply(filter);
      const arrived = await until(patienceSeconds, async () => {
        const asked = await Promise.all(
          services.map(({ path }) => http.get(gatewayUrl + path!, faultHeaders.abort(418))),
        );
        return asked.every(({ status }) => status === 418) ? true : undefined;
      });
      if (!arrived.found) {
        return fail(
          `after ${patienceSeconds} s not every proxy has EnvoyFilter ${filter.metadata?.name}`,
          "a new EnvoyFilter does not reach the proxies, so no policy could be tried",
          `${cluster.kubectl} -n ${declared.namespaces.system} logs deployment/istiod --tail 20`,
        );
      }
      const found = await Promise.all(
        services.map((service) => exerciseService(context, service, gatewayUrl + service.path!)),
      );
      return judgeExercises(found.flat(), mesh, cluster.kubectl);
    } finally {
      await cluster.client.delete({ apiVersion, kind, name: filter.metadata!.name!, namespace: mesh });
    }
  },
};
