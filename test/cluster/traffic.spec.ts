import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { plainTextError } from "./cluster";
import {
  addFortio,
  apply,
  assertNothingToAnalyze,
  constantLoad,
  drive,
  fortioArgs,
  fortioIn,
  fortioService,
  gatewayLines,
  gatewayUrl,
  get,
  kubectl,
  namespace,
  statuses,
  until,
} from "./trafficSupport";

const one = { version: "v1", text: "one" };
const two = { version: "v2", text: "two" };

/** Services that each show one thing. None retries unless it is what it shows. */
const services = [
  fortioService("caller", "", { path: "/caller" }),
  fortioService("stranger", ""),
  fortioService("private", "", { allowFrom: ["caller"] }),
  fortioService("half", "status=503:50", {
    path: "/half",
    allowFrom: ["caller"],
    timeout: "15s",
    // Of 65536 requests one fails 16 times in a row.
    retries: { attempts: 15, perTryTimeout: "2s", retryOn: "503" },
  }),
  fortioService("half-plain", "status=503:50", { path: "/half-plain" }),
  fortioService("slow", "delay=3s", { path: "/slow", timeout: "1s", allowFrom: ["caller"] }),
  fortioService("narrow", "delay=300ms", {
    path: "/narrow",
    circuitBreaker: { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1 },
  }),
  fortioService("flaky", "", {
    path: "/flaky",
    circuitBreaker: { consecutive5xx: 3, interval: "1s", baseEjectionTime: "8s" },
    versions: [{ version: "v1" }, { version: "v2", args: fortioArgs("flaky", "status=503") }],
  }),
  fortioService("limited", "", { path: "/limited", rateLimit: { tokens: 60, fillInterval: "10s" } }),
  {
    name: "split",
    path: "/split",
    retries: { attempts: 0 },
    versions: [
      { ...one, weight: 80 },
      { ...two, weight: 20 },
    ],
    canary: { header: "x-canary", value: "yes", version: "v2" },
  },
  {
    name: "mirrored",
    path: "/mirrored",
    versions: [
      { ...one, weight: 100 },
      { ...two, weight: 0 },
    ],
    mirror: { version: "v2", percent: 100 },
  },
  { name: "broken", path: "/broken", fault: { abort: { percent: 100, status: 418 } } },
  { name: "delayed", path: "/delayed", fault: { delay: { percent: 100, duration: "700ms" } } },
];

describe("traffic policy and security", function () {
  this.timeout(240_000);

  before(async () => {
    await addFortio();
    await apply({ services });
    assert.ok(await until(30, async () => (await get(`${gatewayUrl}/caller`)).status === 200), "the gateway answers");
  });

  describe("mutual TLS", () => {
    it("refuses plain text from outside the mesh", async () => {
      assert.match(await plainTextError("caller"), /Connection reset by peer/);
    });

    it("carries the identities of both sides from gateway to service", async () => {
      const { body } = await get(`${gatewayUrl}/caller/debug`);
      const header = /^X-Forwarded-Client-Cert: (.*)$/im.exec(body)?.[1] ?? "";
      assert.match(header, /By=spiffe:\/\/cluster\.local\/ns\/demo\/sa\/caller/);
      assert.match(header, /URI=spiffe:\/\/cluster\.local\/ns\/istio-ingress\/sa\/istio-ingressgateway/);
    });
  });

  describe("authorization", () => {
    it("lets in whom an edge allows", async () => {
      assert.match(await fortioIn("caller", "curl", "http://private:8080/"), /HTTP\/1.1 200/);
    });
    it("answers 403 to an identity without an edge", async () => {
      const output = await fortioIn("stranger", "curl", "http://private:8080/");
      assert.match(output, /HTTP\/1.1 403/);
      assert.match(output, /RBAC: access denied/);
    });
    it("refuses the gateway where the service has no path, and a service that may be called by the gateway alone", async () => {
      assert.equal((await get(`${gatewayUrl}/private`)).status, 404);
      assert.match(await fortioIn("stranger", "curl", "http://half-plain:8080/"), /HTTP\/1.1 403/);
    });
  });

  describe("retries and timeouts", () => {
    it("make a backend that fails half of the time look sound", async () => {
      assert.deepEqual(statuses(await drive(`${gatewayUrl}/half`, 100, 4)), { 200: 100 });
    });
    it("do so for a caller inside the mesh too", async () => {
      const output = await fortioIn(
        "caller",
        "load",
        "-quiet",
        "-n",
        "60",
        "-c",
        "2",
        "-qps",
        "0",
        "http://half:8080/",
      );
      assert.match(output, /Code 200 : 60 \(100/);
    });
    it("switched off, let the failures through", async () => {
      const counts = statuses(await drive(`${gatewayUrl}/half-plain`, 100, 4));
      assert.ok(counts[503]! > 25 && counts[503]! < 75 && counts[200]! + counts[503]! === 100, JSON.stringify(counts));
    });
    it("cut a slow backend at the timeout", async () => {
      const answers = await drive(`${gatewayUrl}/slow`, 6, 3);
      assert.deepEqual(statuses(answers), { 504: 6 });
      for (const { ms } of answers) {
        // The backend itself would answer after 3 s.
        assert.ok(ms >= 950 && ms < 2900, `${ms} ms`);
      }
    });
    it("cut it for a caller inside the mesh too", async () => {
      assert.match(await fortioIn("caller", "curl", "-timeout", "9s", "http://slow:8080/"), /HTTP\/1.1 504/);
    });
  });

  describe("circuit breaking", () => {
    it("answers 503 beyond the limits, and says that it is overload", async () => {
      const started = new Date();
      const answers = await drive(`${gatewayUrl}/narrow`, 40, 20);
      const counts = statuses(answers);
      // While the first connection is being made, the one request that may wait is the only one that is let in.
      assert.ok(counts[200]! >= 1 && counts[503]! >= 10 && counts[200]! + counts[503]! === 40, JSON.stringify(counts));
      for (const { headers } of answers.filter(({ status }) => status === 503)) {
        assert.equal(headers["x-envoy-overloaded"], "true");
      }
      const overflows = async () =>
        (await gatewayLines(started)).filter(
          (line) => line.path === "/narrow" && line.response_code === 503 && line.response_flags === "UO",
        ).length;
      assert.ok(await until(20, async () => (await overflows()) === counts[503]), `UO: ${await overflows()}`);
    });

    it("ejects one replica of two that always fails, and lets it return", async () => {
      const failures = async () => statuses(await drive(`${gatewayUrl}/flaky`, 20, 1))[503] ?? 0;
      assert.ok(await until(20, async () => (await failures()) > 0), "the failing replica is asked");
      // Ejected: what is asked now is the sound replica alone.
      assert.ok(await until(20, async () => (await failures()) === 0), "the failing replica is ejected");
      assert.equal(await failures(), 0);
      // It returns after its rest, fails again, and goes for longer.
      assert.ok(await until(40, async () => (await failures()) > 0), "it returns");
      assert.ok(await until(20, async () => (await failures()) === 0), "and is ejected again");
    });
  });

  describe("rate limit", () => {
    it("answers 429 beyond the burst, with headers, and recovers", async () => {
      // From a full bucket, and within one interval.
      await sleep(10_500);
      const answers = await drive(`${gatewayUrl}/limited`, 110, 8);
      const counts = statuses(answers);
      assert.equal(counts[200]! + counts[429]!, 110);
      // One interval may end in between, and bring tokens.
      assert.ok(counts[429]! >= 44 && counts[429]! <= 52, JSON.stringify(counts));
      for (const { headers } of answers.filter(({ status }) => status === 429)) {
        assert.equal(headers["x-ratelimit-limit"], "60");
        assert.equal(headers["x-ratelimit-remaining"], "0");
        assert.equal(headers["retry-after"], "10");
      }
      await sleep(10_500);
      assert.deepEqual(statuses(await drive(`${gatewayUrl}/limited`, 30, 4)), { 200: 30 });
    });
  });

  describe("traffic shifting", () => {
    const texts = (answers: { body: string }[], text: string) =>
      answers.filter(({ body }) => body.trim() === text).length;

    it("shares requests by weight", async () => {
      const answers = await drive(`${gatewayUrl}/split`, 300, 8);
      const second = texts(answers, "two");
      assert.equal(texts(answers, "one") + second, 300);
      // 60 expected; four standard deviations are 28.
      assert.ok(second >= 32 && second <= 88, `${second} of 300`);
    });
    it("sends a request with the canary's header to the canary", async () => {
      assert.equal(texts(await drive(`${gatewayUrl}/split`, 50, 4, { "x-canary": "yes" }), "two"), 50);
      const others = await drive(`${gatewayUrl}/split`, 50, 4, { "x-canary": "no" });
      assert.ok(texts(others, "one") > 25, "another value is no canary");
    });
    it("mirrors requests, and answers with the original", async () => {
      const logs = async () =>
        (await kubectl("logs", "-n", namespace, "deploy/mirrored-v2", "-c", "mirrored")).split("\n");
      const before = (await logs()).filter((line) => line.includes("/mirrored")).length;
      assert.equal(texts(await drive(`${gatewayUrl}/mirrored`, 20, 2), "one"), 20);
      const arrived = await until(10, async () => {
        return (await logs()).filter((line) => line.includes("/mirrored")).length - before === 20;
      });
      assert.ok(arrived, "the mirror got 20 requests");
    });
    it("injects faults", async () => {
      assert.deepEqual(statuses(await drive(`${gatewayUrl}/broken`, 10)), { 418: 10 });
      const { status, ms } = await get(`${gatewayUrl}/delayed`);
      assert.equal(status, 200);
      assert.ok(ms >= 690, `${ms} ms`);
    });
  });

  // In a suite of its own, for mocha runs what stands outside of suites first.
  describe("the whole", () => {
    it("leaves nothing for istioctl analyze to report", async () => {
      await assertNothingToAnalyze();
    });

    it("moves a subset under constant load without losing a request", async () => {
      const keep = services.filter(({ name }) => name === "caller");
      const split = (versions: unknown[]) => ({ name: "split", path: "/split", retries: { attempts: 0 }, versions });
      const load = constantLoad(`${gatewayUrl}/split`, 40);
      await sleep(1000);
      await apply({
        services: [
          ...keep,
          split([
            { ...two, weight: 100 },
            { version: "v3", text: "three", weight: 0 },
          ]),
        ],
      });
      await apply({ services: [...keep, split([{ version: "v3", text: "three", weight: 100 }])] });
      await sleep(2000);
      const answers = await load.stop();
      assert.deepEqual(Object.keys(statuses(answers)), ["200"], JSON.stringify(statuses(answers)));
      assert.equal(answers.at(-1)?.body.trim(), "three");
      const rules = await kubectl("get", "destinationrule", "-n", namespace, "-o", "name");
      const left = ["caller", "split", "split-v3"].map((name) => `destinationrule.networking.istio.io/${name}`);
      assert.deepEqual(rules.trim().split("\n"), left);
    });
  });
});
