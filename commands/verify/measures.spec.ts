import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { declaredService } from "../../test/support/declaredService";
import type { DeclaredService } from "../../stacks/declared";
import type { Answer } from "../shared/httpClient";
import { added, benchText, latencyOf, sidecarUse } from "./bench";
import {
  burstDelays,
  judgeBreaker,
  judgeExercises,
  judgeRateLimit,
  judgeRetries,
  judgeTimeout,
  mostUnderWay,
  retriedFailure,
} from "./exercised";
import { exerciseBreaker, exerciseRateLimit } from "./checks/exercise";
import type { Sender } from "./senders";

const service = declaredService("user", {
  path: "/user",
  timeout: "3s",
  retries: { attempts: 2, perTryTimeout: "1s" },
});
const answer = (status: number, ms = 1, headers = {}): Answer => ({ status, ms, headers, body: "" });

describe("--deep", () => {
  it("counts the tries of a request that always fails", () => {
    assert.equal(judgeRetries(service, answer(503), 3).verdict, "holds");
    assert.equal(judgeRetries(service, answer(503), 1).verdict, "broken");
    assert.equal(judgeRetries({ ...service, retries: { attempts: 0 } }, answer(503), 1).verdict, "holds");
  });
  it("fails a request in a way that is retried", () => {
    assert.equal(retriedFailure(undefined)?.["x-envoy-fault-abort-grpc-request"], "14");
    assert.equal(retriedFailure("connect-failure,503")?.["x-envoy-fault-abort-request"], "503");
    assert.equal(retriedFailure("connect-failure"), undefined);
  });
  it("wants a slow request to end between the timeout of one try and that of all", () => {
    assert.equal(judgeTimeout(service, answer(504, 1005)).verdict, "holds");
    assert.equal(judgeTimeout(service, answer(504, 3010)).verdict, "holds");
    assert.equal(judgeTimeout(service, answer(504, 200)).verdict, "broken");
    assert.equal(judgeTimeout(service, answer(200, 6000)).verdict, "broken");
  });
  it("wants some requests through, and the rest refused", () => {
    const limited = { ...service, rateLimit: { tokens: 2, fillInterval: "1s" } };
    const verdict = (statuses: number[], ms = 10) =>
      judgeRateLimit(
        limited,
        statuses.map((status) => ({ status })),
        { pods: 1, ms },
      ).verdict;
    assert.equal(verdict([200, 429]), "holds");
    assert.equal(verdict([200, 200, 200, 200, 200]), "broken");
    // In as long a time the bucket was filled again and again.
    assert.equal(verdict([200, 200, 200, 200, 200], 3000), "left out");
    // An interval that has begun may have filled it, too: 2 tokens, and 2 for each of 2 intervals.
    assert.equal(verdict(Array<number>(6).fill(200), 1500), "left out");
    assert.equal(verdict(Array<number>(7).fill(200), 1500), "broken");
    assert.equal(verdict([503, 503], 3000), "broken");
    const overload = answer(503, 1, { "x-envoy-overloaded": "true" });
    assert.equal(judgeBreaker(service, [answer(200), overload], 1).verdict, "holds");
    assert.equal(judgeBreaker(service, [answer(200), answer(503, 1, { server: "istio-envoy" })], 1).verdict, "broken");
    assert.equal(judgeBreaker(service, [answer(200), answer(200)], 1).verdict, "broken");
    // From inside a pod the status is all that is known.
    assert.equal(judgeBreaker(service, [answer(200), answer(503)], 1).verdict, "holds");
  });
  it("sends longer bursts to a circuit breaker until one is under way at once, none beyond a timeout", async () => {
    const limited = { ...service, timeout: "10s", retries: undefined, circuitBreaker: { maxRequests: 1 } };
    const bursts: string[] = [];
    const sender = (refusedAt: number): Sender => ({
      proxies: 1,
      atOnce: 400,
      send: () => Promise.reject(new Error("a burst is sent, no single request")),
      sendMany(count, headers = {}) {
        bursts.push(...Object.values(headers));
        const overload = answer(503, 1, { "x-envoy-overloaded": "true" });
        const answers = Array.from({ length: count }, () => answer(200));
        return Promise.resolve(bursts.length === refusedAt ? [overload, ...answers.slice(1)] : answers);
      },
    });
    const slow = await exerciseBreaker({ service: limited, sender: sender(2) });
    assert.equal(slow.verdict, "holds", slow.seen);
    assert.deepEqual(bursts.splice(0), ["1000", "2000"]);
    const never = await exerciseBreaker({ service: limited, sender: sender(9) });
    assert.equal(never.verdict, "broken", never.seen);
    assert.deepEqual(bursts, ["1000", "2000", "4000"]);
    assert.deepEqual(burstDelays({ timeout: "3s", retries: undefined }), [1000, 2000, 2400]);
    assert.deepEqual(burstDelays({ timeout: "9s", retries: { attempts: 1, perTryTimeout: "1s" } }), [1000, 1000, 1000]);
  });
  it("sends a rate limit further bursts while one takes so long that all of it may pass", async () => {
    const limited = { ...service, rateLimit: { tokens: 2, fillInterval: "100ms" } };
    let bursts = 0;
    const sender: Sender = {
      proxies: 1,
      atOnce: 400,
      send: () => Promise.reject(new Error("a burst is sent, no single request")),
      async sendMany(count) {
        // Long enough for as many new tokens as there are requests.
        await sleep(bursts++ === 0 ? 700 : 0);
        return Array.from({ length: count }, (_, i) => answer(bursts > 1 && i > 1 ? 429 : 200));
      },
    };
    const judged = await exerciseRateLimit({ service: limited, sender }, 1);
    assert.deepEqual([judged.verdict, bursts], ["holds", 2], judged.seen);
  });
  it("knows how many requests a circuit breaker takes", () => {
    assert.equal(mostUnderWay({ maxRequests: 9 }), 9);
    assert.equal(mostUnderWay({ maxConnections: 2, maxPendingRequests: 3, maxRequests: 9 }), 5);
    // Whatever is beyond the connections waits, and outliers are nothing that is refused.
    assert.equal(mostUnderWay({ maxConnections: 2, consecutive5xx: 5 }), Infinity);
  });
  it("blames no policy for what a rate limit in front of it answered", () => {
    const limited = { ...service, rateLimit: { tokens: 2, fillInterval: "1s" } };
    const judged = (one: DeclaredService) =>
      [judgeRetries(one, answer(429), 1), judgeTimeout(one, answer(429, 5)), judgeBreaker(one, [answer(429)], 1)].map(
        ({ verdict }) => verdict,
      );
    assert.deepEqual(judged(limited), ["left out", "left out", "left out"]);
    assert.deepEqual(judged(service), ["broken", "broken", "broken"]);
  });
  it("says what was left out, and fails if anything is broken", () => {
    const [holds, leftOut] = [
      judgeRetries(service, answer(503), 3),
      { what: "x", seen: "y", verdict: "left out" } as const,
    ];
    assert.match(judgeExercises([holds, leftOut], "demo", "k").evidence, /user retries: .*; x left out: y/);
    assert.equal(judgeExercises([leftOut], "demo", "k").verdict, "skip");
    assert.equal(judgeExercises([holds, judgeRetries(service, answer(503), 1)], "demo", "k").verdict, "fail");
  });
});

describe("--bench", () => {
  const result = (p50: number) => ({
    RetCodes: { 200: 10 },
    DurationHistogram: {
      Percentiles: [
        { Percentile: 50, Value: p50 },
        { Percentile: 90, Value: 0.002 },
        { Percentile: 99, Value: 0.00355 },
      ],
    },
  });
  it("takes percentiles from fortio, and only of answers that were right", () => {
    assert.deepEqual(latencyOf(result(0.00123456)), { p50: 1.23, p90: 2, p99: 3.55 });
    assert.throws(() => latencyOf({ RetCodes: { 200: 9, 503: 1 } }), /answers other than 200/);
    assert.throws(() => latencyOf({}), /answers other than 200/);
    assert.deepEqual(added(latencyOf(result(0.001)), latencyOf(result(0.004))), { p50: 3, p90: 0, p99: 0 });
  });
  it("takes what sidecars use from kubelet", () => {
    const containers = [
      { name: "istio-proxy", cpu: { usageNanoCores: 12_400_000 }, memory: { workingSetBytes: 50 * 2 ** 20 } },
      { name: "user" },
    ];
    const summary = { pods: [{ podRef: { name: "user-1", namespace: "demo" }, containers }] };
    const sidecars = sidecarUse([summary], ["demo"]);
    assert.deepEqual(sidecars, [{ pod: "demo/user-1", memoryMiB: 50, milliCpu: 12 }]);
    assert.deepEqual(sidecarUse([summary], ["other"]), []);
    const latency = { p50: 1, p90: 2, p99: 3 };
    const measured = { seconds: 15, direct: latency, mesh: latency, added: latency, sidecars };
    assert.match(
      benchText({ ...measured, rps: 100, reachedRps: 100 }),
      /at 100 requests per second[^]*demo\/user-1 +50 +12$/,
    );
    assert.match(benchText({ ...measured, rps: 1000, reachedRps: 800 }), /only 800 per second were reached/);
  });
});
