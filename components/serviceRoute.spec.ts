import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { httpRoutes, namedVersions } from "./serviceRoute";
import { outlasts, weightsAddUp } from "./serviceRouteCheck";
import type { ServiceRoutesArgs } from "./serviceRoutes";
import { ServiceRoutes } from "./serviceRoutes";

const target = { service: "user", port: 8080 };
const destination = { host: "user", port: { number: 8080 } };

describe("httpRoutes", () => {
  it("leads to the service, and leaves the rest to Istio, where nothing is set", () => {
    assert.deepEqual(httpRoutes(target, {}, "user"), [{ name: "user", route: [{ destination }] }]);
  });

  it("sets timeout and retries; no attempts switch Istio's own retries off", () => {
    const [rule] = httpRoutes(target, { timeout: "5s", retries: { attempts: 0 } }, "user");
    assert.equal(rule?.timeout, "5s");
    assert.deepEqual(rule.retries, { attempts: 0 });
  });

  it("shares requests by weight, and leaves out who gets none", () => {
    const versions = [
      { version: "v1", weight: 90 },
      { version: "v2", weight: 10 },
      { version: "v3", weight: 0 },
    ];
    const [rule] = httpRoutes(target, { versions }, "user");
    assert.deepEqual(rule?.route, [
      { destination: { ...destination, subset: "v1" }, weight: 90 },
      { destination: { ...destination, subset: "v2" }, weight: 10 },
    ]);
  });

  it("names no subset where no version has a weight: all pods share", () => {
    const [rule] = httpRoutes(target, { versions: [{ version: "v1" }, { version: "v2" }] }, "user");
    assert.deepEqual(rule?.route, [{ destination }]);
  });

  it("asks the canary's rule first, with the same policies, for every alternative of the match", () => {
    const versions = [
      { version: "v1", weight: 100 },
      { version: "v2", weight: 0 },
    ];
    const canary = { header: "X-Canary", value: "yes", version: "v2" };
    const match = [{ uri: { exact: "/user" } }, { uri: { prefix: "/user/" } }];
    const [first, second, ...more] = httpRoutes(target, { versions, canary, timeout: "5s" }, "user", match);
    assert.deepEqual(more, []);
    const headers = { "x-canary": { exact: "yes" } };
    assert.deepEqual(first?.match, [
      { ...match[0], headers },
      { ...match[1], headers },
    ]);
    assert.deepEqual(first?.route, [{ destination: { ...destination, subset: "v2" } }]);
    assert.equal(first?.timeout, "5s");
    assert.deepEqual(second?.match, match);
    assert.notEqual(first.name, second?.name);
  });

  it("takes any value of the canary's header where none is named", () => {
    const canary = { header: "x-canary", version: "v2" };
    const [first] = httpRoutes(target, { versions: [{ version: "v2" }], canary }, "user");
    assert.deepEqual(first?.match, [{ headers: { "x-canary": { regex: ".*" } } }]);
  });

  it("mirrors, delays and aborts", () => {
    const [rule] = httpRoutes(
      target,
      {
        versions: [{ version: "v2" }],
        mirror: { version: "v2", percent: 10 },
        fault: { delay: { percent: 50, duration: "1s" }, abort: { percent: 5, status: 503 } },
      },
      "user",
    );
    assert.deepEqual(rule?.mirror, { ...destination, subset: "v2" });
    assert.deepEqual(rule?.mirrorPercentage, { value: 10 });
    assert.deepEqual(rule?.fault, {
      delay: { percentage: { value: 50 }, fixedDelay: "1s" },
      abort: { percentage: { value: 5 }, httpStatus: 503 },
    });
  });

  it("returns the subsets that it names", () => {
    const versions = [{ version: "v1", weight: 100 }, { version: "v2", weight: 0 }, { version: "v3" }];
    assert.deepEqual(namedVersions({ versions, mirror: { version: "v3", percent: 1 } }), ["v1", "v3"]);
  });
});

describe("checks of routes", () => {
  it("know when weights add to 100", () => {
    assert.deepEqual([[], [undefined, undefined], [90, 10], [90, 20], [100, undefined], [50]].map(weightsAddUp), [
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
  it("know when a try outlasts the request", () => {
    assert.ok(outlasts("3s", "2s"));
    assert.ok(!outlasts("2s", "2s"));
    assert.ok(!outlasts("2s", undefined));
  });
});

describe("ServiceRoutes", () => {
  const args: ServiceRoutesArgs = { ...target, namespace: "demo", routeName: "user" };

  it("declares a VirtualService for the sidecars, not for a gateway", async () => {
    const { one } = await declare(() => new ServiceRoutes("user", { ...args, timeout: "5s" }));
    const { metadata, spec } = one("VirtualService", "user").inputs;
    assert.equal(metadata.namespace, "demo");
    assert.deepEqual(spec.hosts, ["user"]);
    assert.equal(spec.gateways, undefined);
    assert.equal(spec.http[0].timeout, "5s");
  });

  it("names every mistake at once", async () => {
    const message = await errorOf(
      () =>
        new ServiceRoutes("user", {
          ...args,
          timeout: "2s",
          retries: { attempts: -1, perTryTimeout: "3s" },
          versions: [{ version: "v1", weight: 60 }],
          canary: { header: "x", version: "v9" },
        }),
    );
    for (const part of ["retries.attempts is -1", "retries.perTryTimeout", "versions is [60]", "v9"]) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
  });
});
