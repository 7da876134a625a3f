import type { ServiceLimit } from "../components/rateLimit/globalRateLimit";
import { redisPort } from "../components/rateLimit/redis";
import type { RedisAddress } from "../components/rateLimit/server";
import type { ConfigReader } from "./configReader";
import { key, text, textThat } from "./schema";
import type { ServiceConfig } from "./servicesConfig";

/** What config says of the limits that all pods of a service share. */
export interface RateLimitConfig {
  /** Services with a limit; without one there is no rate limit service. */
  limits: ServiceLimit[];
  /** A Redis that is there already; undefined installs one. */
  redis?: RedisAddress & { auth?: string };
}

/** Keys of the global rate limit. */
export const rateLimitKeys = {
  rateLimitRedisUrl: key(
    "URL of an existing Redis for globalRateLimit, redis://host:port or rediss://host:port (TLS); the mesh must let requests out to it. auto installs one.",
    textThat(
      (v) => redisAddress(v) !== undefined,
      "use redis://host:port, or rediss://host:port for TLS, without user, password, path and options; a password belongs in rateLimitRedisAuth",
    ),
  ),
  rateLimitRedisAuth: key("Password of that Redis, or user:password; set it with --secret. auto sends none.", text),
};

/** Reads the keys of the global rate limit. */
export function readRateLimit(
  reader: ConfigReader,
  services: readonly Pick<ServiceConfig, "serviceName" | "globalRateLimit">[],
): RateLimitConfig {
  const limits = services.flatMap(({ serviceName, globalRateLimit }) =>
    globalRateLimit ? [{ service: serviceName, limit: globalRateLimit }] : [],
  );
  const { rateLimitRedisUrl: url, rateLimitRedisAuth: auth } = reader.read(rateLimitKeys);
  if (url !== undefined && limits.length === 0 && !reader.isWrong("services")) {
    const fix = "only used with a globalRateLimit; give one to a service, or remove this key";
    reader.problem("rateLimitRedisUrl", url, fix);
  }
  if (auth !== undefined && !reader.has("rateLimitRedisUrl")) {
    reader.problem("rateLimitRedisAuth", "[secret]", "only used with rateLimitRedisUrl; set that, or remove this key");
  }
  return { limits, redis: url === undefined ? undefined : { ...redisAddress(url)!, auth } };
}

/** @returns where the Redis of a URL is; undefined if it says anything else, or more. */
function redisAddress(text: string): RedisAddress | undefined {
  const match = /^(rediss?):\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d+))?\/?$/i.exec(text);
  const port = Number(match?.[3] ?? redisPort);
  return match && port >= 1 && port <= 65535
    ? { host: match[2]!, port, tls: match[1]!.toLowerCase() === "rediss" }
    : undefined;
}
