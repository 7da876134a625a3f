import assert from "node:assert/strict";
import { configNamespace, parseConfig } from "./config";
import { ConfigError } from "./configError";

/** Parses a config of these services, and other keys. */
function parse(services: unknown[], more: Record<string, string> = {}) {
  const own = Object.entries({ services: JSON.stringify(services), ...more });
  return parseConfig(Object.fromEntries(own.map(([key, value]) => [`${configNamespace}:${key}`, value])));
}

/** @returns the mistakes, as `key: fix`. */
function problemsOf(services: unknown[], more: Record<string, string> = {}): string[] {
  try {
    parse(services, more);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ key, fix }) => `${key}: ${fix}`);
  }
  return [];
}

/** Asserts that a service is refused for one reason. */
function refuses(service: Record<string, unknown>, key: string, fix: RegExp) {
  const problems = problemsOf([{ name: "a", ...service }]);
  assert.equal(problems.length, 1, problems.join("\n"));
  assert.ok(problems[0]!.startsWith(`services[0].${key}: `), problems[0]);
  assert.match(problems[0]!, fix);
}

describe("traffic of a service", () => {
  it("is as the profile has it unless config says otherwise", () => {
    const [service] = parse([{ name: "a" }]).services;
    assert.equal(service?.timeout, "15s");
    assert.deepEqual(service.retries, { attempts: 2, perTryTimeout: "5s" });
    assert.equal(service.circuitBreaker, undefined);
    const [inProd] = parse([{ name: "a" }], { profile: "prod" }).services;
    assert.equal(inProd?.circuitBreaker?.consecutive5xx, 5);
  });

  it("takes every key", () => {
    const settings = {
      timeout: "5s",
      retries: { attempts: 3, perTryTimeout: "1s", retryOn: "5xx,429" },
      circuitBreaker: { maxConnections: 1, maxPendingRequests: 2, maxRequests: 3, consecutive5xx: 4, interval: "1s" },
      rateLimit: { tokens: 10, fillInterval: "1s", burst: 20 },
      globalRateLimit: { requests: 100, unit: "minute", failOpen: false },
      fault: { delay: { percent: 10, duration: "1s" }, abort: { percent: 1, status: 500 } },
    };
    const [service] = parse([{ name: "a", ...settings }]).services;
    const { timeout, retries, circuitBreaker, rateLimit, globalRateLimit, fault } = service!;
    const read = { timeout, retries, circuitBreaker, rateLimit, globalRateLimit, fault };
    // What is not set is undefined, which is as good as not there.
    assert.deepEqual(JSON.parse(JSON.stringify(read)), settings);
  });

  it("with a short timeout of its own drops the profile's longer time for one try", () => {
    const [service] = parse([{ name: "a", timeout: "1s" }]).services;
    assert.deepEqual(service?.retries, { attempts: 2, perTryTimeout: undefined });
  });

  for (const [what, service, key, fix] of [
    ["a duration without a unit", { timeout: "5" }, "timeout", /unit/],
    ["a duration that is a number", { timeout: 5 }, "timeout", /unit/],
    ["negative attempts", { retries: { attempts: -1 } }, "retries.attempts", /0 to 100/],
    ["retries without attempts", { retries: {} }, "retries.attempts", /has to be set/],
    [
      "a try above the total",
      { timeout: "1s", retries: { attempts: 1, perTryTimeout: "2s" } },
      "retries.perTryTimeout",
      /raise services\[0\].timeout from 1s/,
    ],
    [
      "a try above the profile's total",
      { retries: { attempts: 1, perTryTimeout: "1m" } },
      "retries.perTryTimeout",
      /from 15s/,
    ],
    ["an unknown condition", { retries: { attempts: 1, retryOn: "5xx,4xx" } }, "retries.retryOn", /4xx is unknown/],
    ["an unknown key", { retries: { attempts: 1, retryon: "5xx" } }, "retries.retryon", /did you mean retryOn/],
    ["no connection at all", { circuitBreaker: { maxConnections: 0 } }, "circuitBreaker.maxConnections", /from 1/],
    [
      "an ejection time without a reason to eject",
      { circuitBreaker: { interval: "1s" } },
      "circuitBreaker.interval",
      /consecutive5xx/,
    ],
    [
      "a bucket smaller than its refill",
      { rateLimit: { tokens: 5, fillInterval: "1s", burst: 4 } },
      "rateLimit.burst",
      /5 or more/,
    ],
    [
      "a refill that Envoy refuses",
      { rateLimit: { tokens: 5, fillInterval: "10ms" } },
      "rateLimit.fillInterval",
      /50ms/,
    ],
    ["a window of no length", { globalRateLimit: { requests: 5 } }, "globalRateLimit.unit", /has to be set/],
    [
      "an unknown unit of a window",
      { globalRateLimit: { requests: 5, unit: "minutes" } },
      "globalRateLimit.unit",
      /one of second, minute, hour, day/,
    ],
    [
      "a global limit of nothing",
      { globalRateLimit: { requests: 0, unit: "day" } },
      "globalRateLimit.requests",
      /from 1/,
    ],
    [
      "a truth value in words",
      { globalRateLimit: { requests: 1, unit: "day", failOpen: "no" } },
      "globalRateLimit.failOpen",
      /true, false/,
    ],
    ["a percentage above 100", { fault: { abort: { percent: 101, status: 500 } } }, "fault.abort.percent", /0 to 100/],
    ["a fault without a status", { fault: { abort: {} } }, "fault.abort.status", /has to be set/],
  ] as const) {
    it(`refuses ${what}`, () => refuses(service, key, fix));
  }
});

describe("versions of a service", () => {
  it("run their text or image under the service's port, and take over what they leave out", () => {
    const [service] = parse([
      {
        name: "a",
        port: 9000,
        versions: [
          { version: "v1", weight: 90 },
          { version: "v2", weight: 10, text: "two" },
          { version: "v3", weight: 0, image: "own:1", replicas: 2 },
        ],
      },
    ]).services;
    assert.deepEqual(
      service?.versions?.map(({ image, args, replicas }) => [image, args, replicas]),
      [
        ["hashicorp/http-echo:1.0.0", ["-listen=:9000", "-text=Hello from a"], undefined],
        ["hashicorp/http-echo:1.0.0", ["-listen=:9000", "-text=two"], undefined],
        ["own:1", undefined, 2],
      ],
    );
  });

  const v = (version: string, weight?: number) => ({ version, weight });
  for (const [what, service, key, fix] of [
    ["weights that do not add to 100", { versions: [v("v1", 90), v("v2", 20)] }, "versions", /add to 100/],
    ["a weight for some only", { versions: [v("v1", 100), v("v2")] }, "versions", /add to 100/],
    [
      "a canary of an unknown version",
      { versions: [v("v1")], canary: { header: "x", version: "v2" } },
      "canary.version",
      /it has v1/,
    ],
    ["a canary without versions", { canary: { header: "x", version: "v2" } }, "canary.version", /it has none/],
    [
      "a mirror to an unknown version",
      { versions: [v("v1")], mirror: { version: "v2" } },
      "mirror.version",
      /it has v1/,
    ],
    ["a canary without a header", { versions: [v("v1")], canary: { version: "v1" } }, "canary.header", /has to be set/],
    ["one name for two", { versions: [v("v1"), v("v1")] }, "versions[1].version", /its own/],
    ["a name that no label can have", { versions: [v("1.0")] }, "versions[0].version", /16 of a-z/],
    ["no version", { versions: [] }, "versions", /at least one/],
    [
      "a text for an image of one's own",
      { versions: [{ version: "v1", image: "x:1", text: "y" }] },
      "versions[0].text",
      /default image/,
    ],
  ] as const) {
    it(`refuse ${what}`, () => refuses(service, key, fix));
  }

  it("refuse a name that a service has", () => {
    const problems = problemsOf([{ name: "a", versions: [v("v1")] }, { name: "a-v1" }]);
    assert.deepEqual(problems, [
      "services[0].versions[0].version: services[1].name makes the name a-v1 already; call the version otherwise",
    ]);
  });
});

describe("edges", () => {
  it("lead from services and service accounts", () => {
    const [, b] = parse([{ name: "a" }, { name: "b", allowFrom: ["a", "jobs/report"] }]).services;
    assert.deepEqual(b?.allowFrom, [{ service: "a" }, { namespace: "jobs", serviceAccount: "report" }]);
  });
  it("of the default services are those of the article: user calls payment", () => {
    const config = parseConfig({});
    assert.deepEqual(
      config.services.map(({ allowFrom }) => allowFrom),
      [[], [{ service: "user-service" }]],
    );
    assert.equal(config.security.defaultDeny, true);
  });
  it("from an unknown service are refused", () => {
    assert.match(
      problemsOf([{ name: "user" }, { name: "b", allowFrom: ["users"] }])[0]!,
      /allowFrom\[0\]: .*did you mean user\?/,
    );
    refuses({ allowFrom: ["x/y/z"] }, "allowFrom[0]", /namespace\/service-account/);
    refuses({ allowFrom: "a" }, "allowFrom", /list/);
  });
});

describe("mistakes of traffic and security", () => {
  it("are reported all at once", () => {
    const problems = problemsOf(
      [
        { name: "a", retries: { attempts: -1 }, versions: [{ version: "v1", weight: 10 }] },
        { name: "b", timeout: "1s", retries: { attempts: 1, perTryTimeout: "2s" }, allowFrom: ["unknown"] },
        { name: "c", canary: { header: "x", version: "v9" } },
      ],
      {
        podSecurity: "restricted",
        gatewaySelfSigned: "true",
        gatewayTlsSecret: "own",
        resourceQuota: '{"pods":"many"}',
      },
    );
    assert.deepEqual(problems.map((problem) => problem.slice(0, problem.indexOf(":"))).sort(), [
      "gatewaySelfSigned",
      "podSecurity",
      "resourceQuota.pods",
      "services[0].retries.attempts",
      "services[0].versions",
      "services[1].allowFrom[0]",
      "services[1].retries.perTryTimeout",
      "services[2].canary.version",
    ]);
  });
  it("leave out what istio-cni makes possible", () => {
    const { security } = parse([{ name: "a" }], { istioCni: "true" });
    assert.equal(security.podSecurity, "restricted");
    assert.equal(parse([{ name: "a" }]).security.podSecurity, "privileged");
  });
});
