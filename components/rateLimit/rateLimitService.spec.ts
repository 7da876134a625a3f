import assert from "node:assert/strict";
import { rateLimitTag } from "../../toolchain/info";
import { declare, errorOf } from "../../test/support/declare";
import { images } from "../versions";
import { limitsFile } from "./globalRateLimit";
import { RateLimitService } from "./rateLimitService";
import type { RateLimitServiceArgs } from "./rateLimitService";

const args: RateLimitServiceArgs = {
  servicesNamespace: "demo",
  limits: [
    { service: "user-service", limit: { requests: 100, unit: "minute" } },
    { service: "shop", limit: { requests: 5, unit: "second" } },
  ],
  sizing: { replicas: 1, resources: { requests: { cpu: "1m" } }, redisResources: { requests: { cpu: "2m" } } },
  images: { rateLimit: "limiter:1", redis: "redis:1" },
};

function declared(more: Partial<RateLimitServiceArgs> = {}) {
  return declare(() => new RateLimitService("rate-limit", { ...args, ...more }));
}

/** The environment of the rate limit service's container. */
async function environment(more: Partial<RateLimitServiceArgs>) {
  const { one } = await declared(more);
  const [{ env }] = one("Deployment", "ratelimit").inputs.spec.template.spec.containers;
  return Object.fromEntries((env as { name: string; value?: string }[]).map(({ name, value }) => [name, value]));
}

describe("RateLimitService", () => {
  it("is part of the mesh, in a namespace of its own", async () => {
    const { one, all, result } = await declared({ revision: "canary", podSecurity: "restricted", networkPolicy: true });
    assert.deepEqual(one("Namespace").inputs.metadata, {
      name: "rate-limit",
      labels: { "istio.io/rev": "canary", "pod-security.kubernetes.io/enforce": "restricted" },
    });
    assert.equal(one("PeerAuthentication").inputs.spec.mtls.mode, "STRICT");
    const [{ from }] = one("NetworkPolicy").inputs.spec.ingress;
    assert.equal(from[1].namespaceSelector.matchLabels["kubernetes.io/metadata.name"], "demo");
    assert.deepEqual(
      all("Service").map(({ inputs }) => [inputs.metadata.name, inputs.spec.ports[0].name, inputs.spec.ports[0].port]),
      [
        ["redis", "tcp-redis", 6379],
        ["ratelimit", "grpc", 8081],
      ],
    );
    assert.deepEqual(result.endpoint, {
      host: "ratelimit.rate-limit.svc.cluster.local",
      port: 8081,
      domain: "demo",
    });
  });

  it("answers the limited services alone, and keeps Redis for itself", async () => {
    const { all } = await declared();
    const callers = all("AuthorizationPolicy").map(({ inputs }) => [
      inputs.spec.selector?.matchLabels.app,
      inputs.spec.rules?.[0].from[0].source.principals,
    ]);
    assert.deepEqual(callers, [
      ["ratelimit", ["cluster.local/ns/demo/sa/user-service", "cluster.local/ns/demo/sa/shop"]],
      ["redis", ["cluster.local/ns/rate-limit/sa/ratelimit"]],
      [undefined, undefined],
    ]);
  });

  it("starts behind its policies, and after Redis", async () => {
    const { resources } = await declared();
    const at = (name: string) => resources.findIndex((resource) => resource.name === name);
    assert.ok(at("rate-limit-mtls") < at("rate-limit-redis-deployment"));
    assert.ok(at("rate-limit-access-default-deny") < at("rate-limit-redis-deployment"));
    assert.ok(at("rate-limit-redis-deployment") < at("rate-limit-server-deployment"));
  });

  it("reads its limits from a ConfigMap, and is rolled when they change", async () => {
    const { one } = await declared();
    const { data, metadata } = one("ConfigMap").inputs;
    assert.deepEqual(JSON.parse(data["limits.yaml"]), {
      domain: "demo",
      descriptors: [
        { key: "service", value: "user-service", rate_limit: { unit: "minute", requests_per_unit: 100 } },
        { key: "service", value: "shop", rate_limit: { unit: "second", requests_per_unit: 5 } },
      ],
    });
    const { template } = one("Deployment", "ratelimit").inputs.spec;
    assert.equal(template.spec.volumes[0].configMap.name, metadata.name);
    const changed = await declared({ limits: [{ service: "shop", limit: { requests: 6, unit: "second" } }] });
    const hash = "sidecar-mesh/config";
    assert.notEqual(
      changed.one("Deployment", "ratelimit").inputs.spec.template.metadata.annotations[hash],
      template.metadata.annotations[hash],
    );
  });

  it("runs one Redis, whose pods never count side by side", async () => {
    const { one } = await declared({ sizing: { ...args.sizing, replicas: 3 } });
    const { replicas, strategy } = one("Deployment", "redis").inputs.spec;
    assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
  });

  it("survives a node drain where it has more than one pod, and blocks none where it has one", async () => {
    const several = await declared({ sizing: { ...args.sizing, replicas: 2 } });
    const { spec } = several.one("Deployment", "ratelimit").inputs;
    assert.equal(spec.replicas, 2);
    assert.equal(spec.template.spec.topologySpreadConstraints.length, 1);
    assert.ok(spec.template.spec.affinity.podAntiAffinity);
    assert.equal(several.one("PodDisruptionBudget").inputs.spec.minAvailable, 1);
    assert.deepEqual((await declared()).all("PodDisruptionBudget"), []);
  });

  it("runs nothing as root, and nothing that can write", async () => {
    const { all } = await declared();
    for (const { inputs } of all("Deployment")) {
      const { securityContext, containers } = inputs.spec.template.spec;
      assert.equal(securityContext.runAsNonRoot, true);
      for (const container of containers) {
        assert.equal(container.securityContext.readOnlyRootFilesystem, true);
        assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] });
        assert.ok(container.resources.requests);
      }
    }
  });

  it("uses a Redis that is there, and keeps its password in a Secret", async () => {
    const redis = { host: "redis.example.com", port: 6380, tls: true, auth: "limiter:hunter2" };
    const { all, one } = await declared({ redis });
    assert.deepEqual(
      all("Deployment").map(({ inputs }) => inputs.metadata.name),
      ["ratelimit"],
    );
    assert.deepEqual(one("Secret").inputs.stringData, { auth: "limiter:hunter2" });
    assert.ok(!JSON.stringify(one("Deployment", "ratelimit")).includes("hunter2"));
    const { REDIS_URL, REDIS_TLS } = await environment({ redis });
    assert.deepEqual([REDIS_URL, REDIS_TLS], ["redis.example.com:6380", "true"]);
    const own = await environment({});
    assert.deepEqual([own.REDIS_URL, own.REDIS_TLS, "REDIS_AUTH" in own], ["redis:6379", "false", false]);
  });

  it("names every mistake at once, before anything is declared", async () => {
    const message = await errorOf(
      () =>
        new RateLimitService("x", {
          ...args,
          servicesNamespace: "rate-limit",
          limits: [{ service: "A", limit: { requests: 0, unit: "week" as "day" } }],
          sizing: { ...args.sizing, replicas: 0 },
          redis: { host: "redis", port: 0 },
        }),
    );
    for (const field of [
      "servicesNamespace",
      "limits[0].service",
      "limits[0].limit.requests",
      "limits[0].limit.unit",
      "sizing.replicas",
      "redis.port",
    ]) {
      assert.ok(message.includes(field), `${field} in ${message}`);
    }
    assert.match(await errorOf(() => new RateLimitService("x", { ...args, limits: [] })), /at least one/);
  });

  it("has images that say truthfully what they are", () => {
    // The sandbox builds the very commit of the published image.
    assert.equal(images.rateLimit, `envoyproxy/ratelimit:${rateLimitTag()}`);
  });
});

describe("limitsFile", () => {
  it("files limits under the namespace", () => {
    assert.deepEqual(JSON.parse(limitsFile("demo", [])), { domain: "demo", descriptors: [] });
  });
});
