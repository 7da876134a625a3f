import { randomBytes } from "node:crypto";
import { sharedLog } from "../../../components/accessLog";
import { milliseconds } from "../../../components/durations";
import type { DeclaredService } from "../../../stacks/declared";
import type { Answer } from "../../shared/httpClient";
import { gatewayClient } from "../../shared/httpClient";
import { until } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, skip } from "../check";
import {
  burstDelays,
  judgeBreaker,
  judgeExercises,
  judgeRateLimit,
  judgeRetries,
  judgeTimeout,
  leftOut,
  mostUnderWay,
  overtimeMs,
  retriedFailure,
} from "../exercised";
import type { Exercised } from "../exercised";
import { faultHeaders, faultsOnRequest } from "../faults";
import { readyPods, refOfPod } from "../meshPods";
import { containersOf } from "../objects";
import { atOnceThroughGateway, sendersOf } from "../senders";
import type { Sender } from "../senders";
import { shell } from "../wget";

/** Most requests that one exercise sends. */
const mostRequests = 400;

/** Requests beyond a limit that are sent to see them refused. */
const margin = 10;

/** Times that a request which is to fail is sent until it does. */
const mostSends = 20;

/** Longest timeout that is waited for, in milliseconds. */
const longestTimeout = 30_000;

/** Bursts that are sent at most to see a rate limit refuse: one that takes long gets new tokens meanwhile. */
const mostFloods = 3;

/** Seconds until the proxies have the fault filter, or have lost it. */
const arrivalSeconds = 20;

/** A service, and what sends it requests. */
export interface Exercise {
  service: DeclaredService;
  sender: Sender;
}

/**
 * Sends a request that is to fail until it does: a connection that was open when the proxy got the fault filter does
 * not have it, and may still be used for a while.
 */
async function whenItFails(send: () => Promise<Answer>): Promise<Answer> {
  let answer = await send();
  for (let i = 1; i < mostSends && answer.status === 200 && !answer.headers["grpc-status"]; i++) {
    answer = await send();
  }
  return answer;
}

/** Sends a burst; see {@link Sender.sendMany}. @returns the answers, and milliseconds that all of it took. */
async function sendBurst(sender: Sender, ...burst: Parameters<Sender["sendMany"]>) {
  const started = performance.now();
  const answers = await sender.sendMany(...burst);
  return { answers, ms: performance.now() - started };
}

/** Tries one after the other. @returns the first result that is accepted, else the last one. */
async function firstThat(
  accepted: (result: Exercised) => boolean,
  tries: readonly (() => Promise<Exercised>)[],
): Promise<Exercised> {
  let result = await tries[0]!();
  for (const next of tries.slice(1)) {
    if (accepted(result)) {
      break;
    }
    result = await next();
  }
  return result;
}

async function exerciseRetries(context: Context, { service, sender }: Exercise): Promise<Exercised> {
  const what = `${service.name} retries`;
  const failure = retriedFailure(service.retries?.retryOn);
  if (!failure) {
    return leftOut(what, `they are for ${service.retries?.retryOn}, which nothing here can cause`);
  }
  const pods = await readyPods(context, service.name);
  if (!pods.some((pod) => containersOf(pod).some(({ name }) => name === shell))) {
    return leftOut(what, "without the shared access log the tries cannot be counted");
  }
  let marker = "";
  const answer = await whenItFails(() => {
    // Each request has its own marker, which identifies its tries.
    marker = `verify-${randomBytes(6).toString("hex")}`;
    return sender.send(failure, marker);
  });
  const command = ["sh", "-c", `grep -c ${marker} ${sharedLog.file}`];
  const count = async () => {
    const counts = await Promise.all(
      pods.map((pod) => context.cluster.exec(refOfPod(pod).namespace, refOfPod(pod).name, shell, command)),
    );
    return counts.reduce((sum, { stdout }) => sum + (Number(stdout.trim()) || 0), 0);
  };
  const wanted = 1 + (service.retries?.attempts ?? 0);
  // Envoy writes its log once a second.
  await until(10, async () => ((await count()) >= wanted ? true : undefined));
  return judgeRetries(service, answer, await count());
}

async function exerciseTimeout({ service, sender }: Exercise): Promise<Exercised> {
  const ms = milliseconds(service.timeout ?? "") ?? 0;
  return ms > longestTimeout
    ? leftOut(`${service.name} timeout`, `${service.timeout} is longer than is waited for here`)
    : judgeTimeout(service, await whenItFails(() => sender.send(faultHeaders.delay(ms + overtimeMs))));
}

/** Sends bursts one right after the other until one shows that the rate limit of `pods` pods refuses what is beyond. */
export async function exerciseRateLimit({ service, sender }: Exercise, pods: number): Promise<Exercised> {
  const { tokens, burst = tokens } = service.rateLimit!;
  const send = burst * pods + tokens + margin;
  if (send > mostRequests) {
    return leftOut(`${service.name} rate limit`, `it takes ${send} requests to reach it`);
  }
  // More at once than the circuit breaker lets through would not get as far as the limit.
  const { maxRequests = sender.atOnce, maxConnections = sender.atOnce } = service.circuitBreaker ?? {};
  const together = Math.min(maxRequests, maxConnections);
  return firstThat(
    ({ verdict }) => verdict !== "left out",
    Array.from({ length: mostFloods }, () => async () => {
      const { answers, ms } = await sendBurst(sender, send, {}, together);
      return judgeRateLimit(service, answers, { pods, ms });
    }),
  );
}

/** Sends bursts of slow requests until one shows that the circuit breaker refuses what is beyond its limits. */
export async function exerciseBreaker({ service, sender }: Exercise): Promise<Exercised> {
  const what = `${service.name} circuit breaker`;
  const most = mostUnderWay(service.circuitBreaker!);
  if (most === Infinity) {
    return leftOut(what, "it refuses no request: it limits neither all that are under way nor those that wait");
  }
  const send = most * sender.proxies + margin;
  if (send > sender.atOnce) {
    return leftOut(what, `it takes ${send} requests at once to reach it, and ${sender.atOnce} can be sent`);
  }
  return firstThat(
    ({ verdict }) => verdict !== "broken",
    burstDelays(service).map((delayMs) => async () => {
      const { answers, ms } = await sendBurst(sender, send, faultHeaders.delay(delayMs));
      return judgeBreaker(service, answers, ms);
    }),
  );
}

/** Tries every policy of a service, the ones that send many requests last. */
async function exerciseService(context: Context, exercise: Exercise): Promise<Exercised[]> {
  const { service } = exercise;
  const single = await Promise.all([
    ...(service.retries ? [exerciseRetries(context, exercise)] : []),
    ...(service.timeout ? [exerciseTimeout(exercise)] : []),
  ]);
  const breaker = service.circuitBreaker ? [await exerciseBreaker(exercise)] : [];
  const limit = service.rateLimit
    ? [await exerciseRateLimit(exercise, Math.max(1, (await readyPods(context, service.name)).length))]
    : [];
  const global = service.globalRateLimit
    ? [
        leftOut(
          `${service.name} global rate limit`,
          "the check would use up the limit of all callers until its window ends",
        ),
      ]
    : [];
  return [...single, ...breaker, ...limit, ...global];
}

/**
 * @returns true once the sidecars of a service fail what asks for it. Requests that its rate limit refuses do not
 * count.
 */
async function hasFaults({ service, sender }: Exercise): Promise<boolean> {
  const { status } = await sender.send(faultHeaders.abort(418));
  return status === 418 || (status === 429 && (service.rateLimit ?? service.globalRateLimit) !== undefined);
}

/** Makes the sidecars fail what asks for it, exercises, and takes that back. */
async function exerciseAll(context: Context, exercises: readonly Exercise[]): Promise<Exercised[] | Outcome> {
  const { cluster, declared } = context;
  const filter = faultsOnRequest(declared.namespaces.mesh);
  const { apiVersion = "", kind = "", metadata } = filter;
  const { name = "", namespace } = metadata ?? {};
  try {
    await cluster.client.apply(filter);
    const arrived = await until(arrivalSeconds, async () =>
      (await Promise.all(exercises.map(hasFaults))).every((has) => has) ? true : undefined,
    );
    if (!arrived.found) {
      return fail(
        `after ${arrivalSeconds} s not every proxy has EnvoyFilter ${name}`,
        "a new EnvoyFilter does not reach the proxies, so no policy could be tried",
        `${cluster.kubectl} -n ${declared.namespaces.system} logs deployment/istiod --tail 20`,
      );
    }
    return (await Promise.all(exercises.map((one) => exerciseService(context, one)))).flat();
  } finally {
    await cluster.client.delete({ apiVersion, kind, name, namespace });
  }
}

/** Do retries, timeouts, limits and circuit breakers hold when they are tried? */
export const exercise: Check = {
  name: "exercise",
  description: "policies hold when tried (--deep)",
  needs: ["traffic-policy", "synced"],
  last: true,
  async run(context): Promise<Outcome> {
    const { cluster, declared, deep } = context;
    if (!deep) {
      return skip("it costs requests that fail: asked for with --deep");
    }
    // A client of its own: the common one would queue what has to be under way at once, and wait less than the longest
    // timeout.
    const http = gatewayClient(declared, {
      timeoutMs: longestTimeout + 2 * overtimeMs,
      connections: atOnceThroughGateway,
    });
    try {
      const exercises: Exercise[] = [];
      const left: Exercised[] = [];
      for (const [service, sender] of await sendersOf(context, http)) {
        if (service.fault) {
          left.push(leftOut(service.name, "it has an injected fault, so its policies cannot be observed"));
        } else if (typeof sender === "string") {
          left.push(leftOut(service.name, sender));
        } else {
          exercises.push({ service, sender });
        }
      }
      const found = exercises.length > 0 ? await exerciseAll(context, exercises) : [];
      return "verdict" in found
        ? found
        : judgeExercises([...found, ...left], declared.namespaces.mesh, cluster.kubectl);
    } finally {
      http.close();
    }
  },
};
