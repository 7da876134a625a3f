import assert from "node:assert/strict";
import fc from "fast-check";
import { gatewayServers, longestPathFirst, matchPathSegment } from "../../components/ingressRoutes";
import { httpRoutes } from "../../components/serviceRoute";
import { checkRouteSettings } from "../../components/serviceRouteCheck";
import { callersPolicy } from "../../components/trafficPolicy";
import { ArgsCheck } from "../../components/validation";
import { checkManifests, checkResources } from "../../policy/check";
import { parseSettings } from "../../policy/settings";
import { compliant, rules } from "../support/policyStack";
import { configNamespace, parseConfig } from "../../stacks/config";
import { ConfigError } from "../../stacks/configError";
import type { ServiceConfig } from "../../stacks/servicesConfig";

/** Mostly `likely`, sometimes any JSON: nonsense alone would never get past the first check. */
const oddly = <T>(likely: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 20, arbitrary: likely }, { weight: 1, arbitrary: fc.jsonValue() });
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });

const mostly = <T>(likely: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
  fc.oneof({ weight: 6, arbitrary: likely }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));

const duration = mostly(
  fc.constantFrom("1s", "250ms", "1m30s", "1.5h"),
  fc.tuple(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.constantFrom("s", "ms", "h", "")).map((p) => p.join("")),
);
const count = mostly(fc.integer({ min: 1, max: 5 }), fc.constant(0), fc.double({ noNaN: true }), fc.constant(2 ** 31));
const percent = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.constantFrom(-1, 101),
);
const version = fc.constantFrom("v1", "v2", "v3");

const serviceFields = {
  name: oddly(fc.constantFrom("shop", "cart", "a", "user-service")),
  path: oddly(fc.constantFrom("/", "/a", "/a/b", "/b")),
  port: oddly(fc.constantFrom(80, 8080, 65535)),
  replicas: oddly(fc.constantFrom(0, 1, 3)),
  timeout: oddly(duration),
  retries: oddly(
    some({ attempts: oddly(count), perTryTimeout: duration, retryOn: fc.constantFrom("5xx", "503,reset", "") }),
  ),
  circuitBreaker: oddly(
    some({
      maxConnections: count,
      maxPendingRequests: count,
      maxRequests: count,
      consecutive5xx: count,
      interval: duration,
      baseEjectionTime: duration,
      maxEjectionPercent: percent,
    }),
  ),
  rateLimit: oddly(some({ tokens: count, fillInterval: duration, burst: count })),
  fault: oddly(
    some({ delay: some({ percent, duration }), abort: some({ percent, status: fc.integer({ min: 99, max: 600 }) }) }),
  ),
  versions: oddly(
    fc.oneof(
      fc.constant([
        { version: "v1", weight: 90 },
        { version: "v2", weight: 10 },
      ]),
      fc.array(some({ version: oddly(version), weight: fc.constantFrom(0, 50, 100), replicas: count }), {
        maxLength: 3,
      }),
    ),
  ),
  canary: oddly(some({ header: fc.oneof(fc.constant("x-canary"), fc.string()), value: fc.string(), version })),
  mirror: oddly(some({ version, percent })),
  allowFrom: oddly(fc.array(fc.constantFrom("shop", "cart", "demo/job", "x/y/z"), { maxLength: 2 })),
};
const service = some(serviceFields);

/** A service of few keys, most of which are right. */
const nearlyRight = fc
  .tuple(service, fc.subarray(Object.keys(serviceFields), { maxLength: 3 }))
  .map(([whole, keys]) => ({
    name: "shop",
    ...Object.fromEntries(Object.entries(whole).filter(([key]) => keys.includes(key))),
  }));

function servicesOf(items: unknown): ServiceConfig[] | undefined {
  try {
    return parseConfig({ [`${configNamespace}:services`]: JSON.stringify(items) }).services;
  } catch (error) {
    assert.ok(error instanceof ConfigError, error instanceof Error ? error.stack : String(error));
    for (const { key, fix } of error.problems) {
      assert.ok(key.length > 0 && fix.length > 0, error.message);
    }
    return undefined;
  }
}

const settings = parseSettings({ closedWorld: false }, rules, "options");

/** What the API server or Istio's own validation would refuse in these objects. */
function flaws(objects: unknown[]): string[] {
  const files = objects.map((object, i) => ({ file: `${i}.json`, text: JSON.stringify(object) }));
  const { findings, problems } = checkManifests(files, settings);
  return [
    ...problems.map((problem) => JSON.stringify(problem)),
    ...findings.filter(({ rule }) => rule === "schema-valid").map(({ field, message }) => `${field}: ${message}`),
  ];
}

/** The custom resources that the components declare for a service. */
function objectsOf({ serviceName, port, path, ...rest }: ServiceConfig): unknown[] {
  const target = { service: serviceName, port };
  const istio = (kind: string, name: string, spec: unknown) => ({
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { name, namespace: "demo" },
    spec,
  });
  const trafficPolicy = callersPolicy(rest.circuitBreaker);
  return [
    istio("VirtualService", serviceName, { hosts: [serviceName], http: httpRoutes(target, rest, serviceName) }),
    istio("Gateway", "demo-gateway", { selector: { istio: "ingressgateway" }, servers: gatewayServers(["*"]) }),
    ...(path === undefined
      ? []
      : [
          istio("VirtualService", "demo-vs", {
            hosts: ["*"],
            gateways: ["demo-gateway"],
            http: httpRoutes(target, rest, path, matchPathSegment(path)),
          }),
        ]),
    istio("DestinationRule", serviceName, { host: serviceName, trafficPolicy }),
  ];
}

describe("properties", () => {
  it("whatever services are configured: refused with reasons, or made into objects that Istio takes", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.array(service, { maxLength: 3 }), fc.array(nearlyRight, { minLength: 1, maxLength: 1 })),
        (items) => {
          for (const one of servicesOf(items) ?? []) {
            accepted++;
            const check = new ArgsCheck("test");
            checkRouteSettings(check, one);
            check.done(undefined as never);
            assert.deepEqual(flaws(objectsOf(one)), [], JSON.stringify(items));
          }
        },
      ),
      { numRuns: 1000 },
    );
    // A generator that only makes nonsense would prove nothing.
    assert.ok(accepted > 100, `${accepted} accepted`);
  });

  it("whatever paths there are, a request goes to the longest one that it is or is below", () => {
    const segment = fc.constantFrom("a", "b", "user", "users", "user-service");
    const path = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join("/")}`);
    const matches = (asked: string, { exact, prefix }: { exact?: string; prefix?: string }) =>
      exact !== undefined ? asked === exact : asked.startsWith(prefix!);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 6 }), path, (paths, asked) => {
        const first = longestPathFirst(paths.map((one) => ({ path: one }))).find((route) =>
          matchPathSegment(route.path).some(({ uri }) => matches(asked, uri as { exact?: string; prefix?: string })),
        );
        const longest = paths
          .filter((one) => one === "/" || asked === one || asked.startsWith(`${one}/`))
          .sort((a, b) => b.length - a.length)[0];
        assert.equal(first?.path, longest);
      }),
    );
  });

  it("whatever is declared, the rules have an opinion and never crash", () => {
    const size = compliant().resources.length;
    const edit = fc.record({ at: fc.nat(size - 1), path: fc.array(fc.nat(20), { maxLength: 9 }), to: fc.jsonValue() });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const { resources } = compliant();
        for (const { at, path, to } of edits) {
          replaceAt(resources[at]!.props, path, to);
        }
        const { findings } = checkResources(resources);
        assert.ok(findings.every(({ message, resource }) => message.length > 0 && resource.length > 0));
      }),
      { numRuns: 300 },
    );
  });
});

/** Replaces what the path leads to: at each level the number chooses among what there is. */
function replaceAt(tree: Record<string, unknown>, path: readonly number[], to: unknown): void {
  let at: Record<string, unknown> = tree;
  for (const [depth, step] of path.entries()) {
    const keys = Object.keys(at);
    const key = keys[step % keys.length];
    if (key === undefined) {
      return;
    }
    const below = at[key];
    if (depth === path.length - 1 || typeof below !== "object" || below === null) {
      at[key] = to;
      return;
    }
    at = below as Record<string, unknown>;
  }
}
