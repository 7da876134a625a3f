import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { redisReference } from "../../toolchain/extras";
import {
  addFortio,
  apply,
  assertNothingToAnalyze,
  drive,
  fortioIn,
  fortioService,
  gatewayUrl,
  get,
  kubectl,
  namespace,
  podLines,
  statuses,
  until,
} from "./trafficSupport";
import { podsOf, servingPod } from "./cluster";

/** Requests that all pods of `shared` let pass in a minute. */
const requests = 40;

/**
 * Proxies know what they call, the limiter included, and little else. A stranger does not get as far as being told 403
 * then.
 */
const scoped = { proxyScope: "declared" };

/** The services, with this limit of `shared`. */
const services = (limit = requests) => [
  fortioService("shared", "", { path: "/shared", replicas: 2, globalRateLimit: { requests: limit, unit: "minute" } }),
  fortioService("strict", "", { path: "/strict", globalRateLimit: { requests: 1000, unit: "hour", failOpen: false } }),
  fortioService("stranger", ""),
];

/** Waits for the next minute of the clock, the next window. */
async function nextMinute(): Promise<void> {
  await sleep(60_000 - (Date.now() % 60_000) + 300);
}

async function scaleLimiter(replicas: number): Promise<void> {
  await kubectl("scale", "-n", "rate-limit", "deployment/ratelimit", `--replicas=${replicas}`);
  if (replicas === 0) {
    assert.ok(
      await until(60, async () => (await podsOf("rate-limit", "app=ratelimit", { all: true })).length === 0),
      "it is gone",
    );
  } else {
    await kubectl("rollout", "status", "-n", "rate-limit", "deployment/ratelimit", "--timeout=90s");
  }
}

describe("global rate limit", function () {
  this.timeout(240_000);

  before(async () => {
    await addFortio();
    await apply({ services: services() });
    const limits = async () => (await get(`${gatewayUrl}/shared`)).headers["x-ratelimit-limit"] !== undefined;
    assert.ok(await until(30, limits), "the proxies ask the rate limit service");
  });

  after(async () => {
    await kubectl("delete", "namespace", "elsewhere", "--ignore-not-found");
  });

  it("is one for all pods of a service: beyond it they answer 429, with headers", async () => {
    await nextMinute();
    const started = new Date();
    const answers = await drive(`${gatewayUrl}/shared`, requests + 60, 4);
    assert.ok(Date.now() - started.getTime() < 55_000, "all of them in one window");
    assert.deepEqual(statuses(answers), { 200: requests, 429: 60 });
    for (const { headers } of answers.filter(({ status }) => status === 429)) {
      assert.equal(headers["x-ratelimit-limit"], `${requests}, ${requests};w=60`);
      assert.equal(headers["x-ratelimit-remaining"], "0");
      assert.ok(Number(headers["x-ratelimit-reset"]) <= 60);
    }
    const remaining = answers
      .filter(({ status }) => status === 200)
      .map(({ headers }) => Number(headers["x-ratelimit-remaining"]));
    assert.deepEqual(
      remaining.sort((a, b) => a - b),
      Array.from({ length: requests }, (_, i) => i),
    );

    // Each of the two let some pass and refused some, and together they make up what was seen from outside.
    const pods = await podsOf(namespace, "app=shared");
    assert.equal(pods.length, 2);
    const counts = async () =>
      Promise.all(
        pods.map(async ({ name }) => {
          const lines = (await podLines(name, started)).filter(({ path }) => path === "/shared");
          const limited = lines.filter((line) => line.response_code === 429 && line.response_flags === "RL").length;
          return [lines.filter((line) => line.response_code === 200).length, limited] as const;
        }),
      );
    const logged = async () => (await counts()).flat().reduce((sum, count) => sum + count, 0) === requests + 60;
    assert.ok(await until(30, logged), `the access logs have all requests: ${JSON.stringify(await counts())}`);
    for (const [passed, limited] of await counts()) {
      assert.ok(passed > 0 && limited > 0, JSON.stringify(await counts()));
    }
  });

  it("lets requests pass again in the next window", async () => {
    await nextMinute();
    assert.deepEqual(statuses(await drive(`${gatewayUrl}/shared`, requests - 10, 4)), { 200: requests - 10 });
  });

  it("counts for whom config names, and refuses others who would use up the limit", async () => {
    const url = "http://ratelimit.rate-limit:8081/";
    assert.match(await fortioIn("stranger", "curl", url), /HTTP\/1.1 403[^]*RBAC: access denied/);
    // This one gets through to the server, which does not take it for gRPC.
    assert.match(await fortioIn("shared", "curl", url), /HTTP\/1.1 415/);
  });

  it("shows what it counted where Prometheus reads", async () => {
    const { name: pod } = await servingPod("rate-limit", "app=ratelimit");
    // Pods are reached through the API server: their addresses are known inside the cluster alone.
    const metrics = `/api/v1/namespaces/rate-limit/pods/${pod}:15020/proxy/stats/prometheus`;
    const counted = async () =>
      / 60$/m.test(
        /^ratelimit_service_rate_limit_over_limit\{.*key1="service_shared".*$/m.exec(
          await kubectl("get", "--raw", metrics),
        )?.[0] ?? "",
      );
    assert.ok(await until(30, counted), "60 requests over the limit");
  });

  it("takes a new limit, and proxies that know no more than they call", async () => {
    await apply({ services: services(25), ...scoped });
    const limit = async () => (await get(`${gatewayUrl}/shared`)).headers["x-ratelimit-limit"];
    assert.ok(await until(30, async () => (await limit()) === "25, 25;w=60"), String(await limit()));
  });

  it("lets all requests pass while the rate limit service is down, unless failOpen is false", async () => {
    await scaleLimiter(0);
    // More than two windows together would let pass.
    assert.deepEqual(statuses(await drive(`${gatewayUrl}/shared`, 100, 4)), { 200: 100 });
    assert.deepEqual(statuses(await drive(`${gatewayUrl}/strict`, 5)), { 503: 5 });
    await scaleLimiter(1);
    const counts = async () => (await get(`${gatewayUrl}/strict`)).status === 200;
    assert.ok(await until(30, counts), "it counts again");
    const { 429: refused = 0 } = statuses(await drive(`${gatewayUrl}/shared`, 100, 4));
    assert.ok(refused >= 50, `${refused} refused`);
  });

  it("counts in a Redis that is there, and asks for a password", async () => {
    const redis = ["redis", "-n", "elsewhere", "--image", redisReference, "--image-pull-policy=IfNotPresent"];
    await kubectl("create", "namespace", "elsewhere");
    await kubectl("run", ...redis, "--port=6379", "--expose", "--", "--requirepass", "hunter2");
    await kubectl("wait", "-n", "elsewhere", "pod/redis", "--for=condition=Ready", "--timeout=60s");
    await apply({
      services: services(),
      ...scoped,
      rateLimitRedisUrl: "redis://redis.elsewhere",
      rateLimitRedisAuth: "hunter2",
    });
    assert.equal(await kubectl("get", "deployment", "-n", "rate-limit", "-o", "name"), "deployment.apps/ratelimit\n");
    const remaining = async () => Number((await get(`${gatewayUrl}/shared`)).headers["x-ratelimit-remaining"]);
    assert.ok(await until(30, async () => (await remaining()) >= 0), "it counts");
    await nextMinute();
    assert.deepEqual(statuses(await drive(`${gatewayUrl}/shared`, requests + 10, 4)), { 200: requests, 429: 10 });
  });

  it("leaves nothing for istioctl analyze to report", async () => {
    await assertNothingToAnalyze();
  });
});
