import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { AccessPolicy } from "./accessPolicy";
import { EchoService } from "./echoService";
import type { EchoServiceArgs } from "./echoService";
import { IngressRoutes } from "./ingressRoutes";
import type { IngressRoute } from "./ingressRoutes";
import { LoadGenerator } from "./loadGenerator";
import { Loki } from "./observability/loki";
import { Observability } from "./observability/observability";
import type { ObservabilityArgs } from "./observability/observabilityArgs";
import { Prometheus } from "./observability/prometheus";
import { RequestGuards } from "./requestGuards";
import type { RequestGuardsArgs } from "./requestGuards";
import { TrafficPolicy } from "./trafficPolicy";
import type { ServiceLimits } from "./trafficPolicy";

const onePod = { replicas: 1, resources: {} };

const echo = (args: Partial<EchoServiceArgs>) => () =>
  new EchoService("x", { namespace: "demo", serviceName: "shop", image: "echo:1", port: 8080, ...args });
const route = (args: Partial<IngressRoute>, more: { httpsPort?: number } = {}) => {
  const routes = [{ path: "/shop", service: "shop", port: 8080, ...args }];
  return () => new IngressRoutes("x", { namespace: "demo", routes, ...more });
};
const load = (ratePerSecond: number) => () =>
  new LoadGenerator("x", {
    namespace: "demo",
    image: "fortio:1",
    resources: {},
    ratePerSecond,
    targets: [{ name: "shop", url: "http://shop:8080/" }],
  });
const guards = (args: Partial<RequestGuardsArgs>) => () =>
  new RequestGuards("x", { namespace: "demo", serviceName: "shop", ...args });
const jwt = { issuer: "https://login.example", jwksUri: "https://login.example/keys" };
const limits = (args: ServiceLimits) => () =>
  new TrafficPolicy("x", { namespace: "demo", serviceName: "shop", ...args });
const observability = (args: ObservabilityArgs) => () => new Observability("x", args);
const loki = (replicas: number, retention: string) => () =>
  new Loki("x", {
    namespace: "o",
    image: "loki:3",
    sizing: { ...onePod, replicas },
    retention,
    storage: { kind: "filesystem" },
  });
const prometheus = (retention: string, scrapeSeconds: number) => () =>
  new Prometheus("x", {
    namespace: "o",
    image: "prometheus:3",
    sizing: onePod,
    retention,
    remoteWrite: [],
    scrapeSeconds,
    targets: {},
    systemNamespace: "istio-system",
  });
const versions = (...weights: (number | undefined)[]) => ({
  versions: weights.map((weight, i) => ({ version: `v${i + 1}`, weight })),
});

/** Args at the very edge of what is right. */
const right: [string, () => unknown][] = [
  ["replicas 0", echo({ replicas: 0 })],
  ["user 1", echo({ user: 1 })],
  ["the highest user", echo({ user: 2 ** 31 - 1 })],
  ["an autoscaler of one pod", echo({ autoscaling: { min: 1, max: 1, cpuPercent: 70 } })],
  ["no retries", route({ retries: { attempts: 0 } })],
  ["one try as long as the request", route({ timeout: "2s", retries: { attempts: 1, perTryTimeout: "2s" } })],
  ["one try, and no timeout", route({ retries: { attempts: 1, perTryTimeout: "2s" } })],
  ["a fault of all requests", route({ fault: { abort: { percent: 100, status: 503 } } })],
  ["a fault of no request", route({ fault: { delay: { percent: 0, duration: "1s" } } })],
  ["a day", route({ timeout: "24h" })],
  ["the root", route({ path: "/" })],
  ["weights of 100", route(versions(90, 10))],
  ["port 443", route({}, { httpsPort: 443 })],
  ["one request a second", load(1)],
  ["a hundred", load(100)],
  ["keys in the args", guards({ jwt: { issuer: jwt.issuer, jwks: '{"keys": []}' } })],
  ["two paths", guards({ jwt: { ...jwt, paths: ["/a", "/b/c"] } })],
  ["a second between scrapes", prometheus("15d", 1)],
];

/** Args that are wrong, and the property that the error has to name, with its value. */
const wrong: [Parameters<typeof errorOf>[0], string][] = [
  [echo({ serviceName: "Shop" }), 'serviceName is "Shop"'],
  [echo({ port: 0 }), "port is 0"],
  [echo({ replicas: -1 }), "replicas is -1"],
  [echo({ replicas: 1.5 }), "replicas is 1.5"],
  [echo({ user: 2 ** 31 }), "user is 2147483648"],
  [echo({ versions: [{ version: "V1" }] }), 'versions[0].version is "V1"'],
  [echo({ autoscaling: { min: 0, max: 2, cpuPercent: 70 } }), "autoscaling is"],
  [echo({ autoscaling: { min: 3, max: 2, cpuPercent: 70 } }), "autoscaling is"],
  [route({ path: "shop" }), 'routes[0].path is "shop"'],
  [route({ path: "/shop/" }), 'routes[0].path is "/shop/"'],
  [route({ path: "/shop?a" }), 'routes[0].path is "/shop?a"'],
  [route({ port: 65_536 }), "routes[0].port is 65536"],
  [route({}, { httpsPort: 0 }), "httpsPort is 0"],
  [route({ timeout: "2" }), 'routes[0].timeout is "2"'],
  [route({ timeout: "24h1s" }), 'routes[0].timeout is "24h1s"'],
  [route({ retries: { attempts: -1 } }), "routes[0].retries.attempts is -1"],
  [route({ retries: { attempts: 1, perTryTimeout: "x" } }), 'routes[0].retries.perTryTimeout is "x"'],
  [route({ timeout: "1s", retries: { attempts: 1, perTryTimeout: "2s" } }), 'routes[0].retries.perTryTimeout is "2s"'],
  [route({ fault: { delay: { percent: 10, duration: "soon" } } }), 'routes[0].fault.delay.duration is "soon"'],
  [route({ fault: { delay: { percent: 101, duration: "1s" } } }), "routes[0].fault.delay.percent is 101"],
  [route({ fault: { abort: { percent: -1, status: 503 } } }), "routes[0].fault.abort.percent is -1"],
  [route({ ...versions(100, 0), mirror: { version: "v2", percent: 101 } }), "routes[0].mirror.percent is 101"],
  [route(versions(90, 9)), "routes[0].versions is"],
  [route({ ...versions(90, 10), mirror: { version: "v3", percent: 5 } }), "routes[0].versions is"],
  [load(0), "ratePerSecond is 0"],
  [load(101), "ratePerSecond is 101"],
  [load(1.5), "ratePerSecond is 1.5"],
  [guards({ jwt: { ...jwt, issuer: "a b" } }), 'jwt.issuer is "a b"'],
  [guards({ jwt: { ...jwt, issuer: "*" } }), 'jwt.issuer is "*"'],
  [guards({ jwt: { ...jwt, jwks: "{}" } }), "jwt.jwksUri is"],
  [guards({ jwt: { issuer: jwt.issuer } }), "jwt.jwksUri is"],
  [guards({ jwt: { ...jwt, paths: [] } }), "jwt.paths is"],
  [guards({ jwt: { ...jwt, paths: ["/a", "b"] } }), "jwt.paths is"],
  [guards({ jwt: { ...jwt, paths: ["/a*"] } }), "jwt.paths is"],
  [
    () => new AccessPolicy("x", { namespace: "demo", services: [{ service: "A", callers: [] }] }),
    'services[0].service is "A"',
  ],
  [limits({ globalRateLimit: { requests: 0, unit: "minute" } }), "globalRateLimit.requests is 0"],
  [limits({ globalRateLimit: { requests: 2 ** 32, unit: "minute" } }), "globalRateLimit.requests is 4294967296"],
  [loki(1, "15"), 'retention is "15"'],
  [loki(2, "15d"), "sizing.replicas is 2"],
  [prometheus("a 15d", 15), 'retention is "a 15d"'],
  [prometheus("15d", 0), "scrapeSeconds is 0"],
  [observability({ metrics: { kind: "existing" } }), "metrics.url is"],
  [observability({ tracing: { kind: "existing" } }), "tracing.host is"],
  [observability({ tracing: { kind: "jaeger", storage: { kind: "elasticsearch" } } }), "tracing.storage.url is"],
  [observability({ tracing: { kind: "zipkin", sizing: { ...onePod, replicas: 2 } } }), "sizing.replicas is 2"],
  [observability({ logs: { kind: "existing" } }), "logs.backend is"],
  [observability({ logs: { kind: "loki", storage: { kind: "s3" } } }), "logs.storage.bucket is"],
];

describe("args of the components", () => {
  for (const [title, program] of right) {
    it(`may be ${title}`, async () => {
      const { resources } = await declare(program);
      assert.ok(resources.length > 0);
    });
  }
  for (const [program, problem] of wrong) {
    it(`are refused: ${problem}`, async () => {
      const message = await errorOf(program);
      assert.ok(message.includes(problem), message);
    });
  }
});
