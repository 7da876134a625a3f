import assert from "node:assert/strict";
import { configNamespace, parseConfig } from "./config";
import { ConfigError } from "./configError";

const limited = { name: "a", globalRateLimit: { requests: 5, unit: "minute" } };

function parse(services: unknown[], more: Record<string, string> = {}) {
  const own = Object.entries({ services: JSON.stringify(services), ...more });
  return parseConfig(Object.fromEntries(own.map(([key, value]) => [`${configNamespace}:${key}`, value]))).rateLimit;
}

/** @returns the one mistake, as `key: fix`. */
function mistake(services: unknown[], more: Record<string, string>): string {
  try {
    parse(services, more);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(!error.message.includes("hunter2"), "shows no password");
    return error.problems.map(({ key, fix }) => `${key}: ${fix}`).join("\n");
  }
  return "none";
}

describe("global rate limit", () => {
  it("is of those services that have one, and counts in a Redis that is installed", () => {
    assert.deepEqual(parse([{ name: "b" }]), { limits: [], redis: undefined });
    const { limits, redis } = parse([{ name: "b" }, limited]);
    assert.deepEqual(
      limits.map(({ service, limit }) => [service, limit.requests, limit.unit]),
      [["a", 5, "minute"]],
    );
    assert.equal(redis, undefined);
  });

  it("counts in a Redis that is there", () => {
    const at = (rateLimitRedisUrl: string, more = {}) => parse([limited], { rateLimitRedisUrl, ...more }).redis;
    assert.deepEqual(at("redis://redis.example.com"), {
      host: "redis.example.com",
      port: 6379,
      tls: false,
      auth: undefined,
    });
    assert.deepEqual(at("rediss://cache:6380/", { rateLimitRedisAuth: "me:hunter2" }), {
      host: "cache",
      port: 6380,
      tls: true,
      auth: "me:hunter2",
    });
  });

  for (const [what, services, more, message] of [
    ["a URL of something else", [limited], { rateLimitRedisUrl: "http://redis:6379" }, /RedisUrl: use redis:/],
    ["a port that is none", [limited], { rateLimitRedisUrl: "redis://redis:70000" }, /RedisUrl: use redis:/],
    [
      "a password in the URL",
      [limited],
      { rateLimitRedisUrl: "redis://:hunter2@r:6379" },
      /belongs in rateLimitRedisAuth/,
    ],
    ["a database", [limited], { rateLimitRedisUrl: "redis://redis:6379/3" }, /without user, password, path/],
    [
      "a Redis for nothing",
      [{ name: "a" }],
      { rateLimitRedisUrl: "redis://redis" },
      /only used with a globalRateLimit/,
    ],
    ["a password for nothing", [limited], { rateLimitRedisAuth: "hunter2" }, /only used with rateLimitRedisUrl/],
    [
      "its namespace for the services",
      [limited],
      { namespace: "rate-limit" },
      /^namespace: the cluster or this stack uses it/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => assert.match(mistake([...services], more), message));
  }
});
