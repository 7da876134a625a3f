import assert from "node:assert/strict";
import { parse } from "yaml";
import type { ServiceConfig } from "../../stacks/servicesConfig";
import { parseCanaryFlags, weightsOf } from "./canary";
import { judge, successOf } from "./judge";
import { stepsBeyond, weightsAt, withWeights } from "./weights";

const file = `# Kept as it is.
config:
  p:profile: dev
  p:services:
    - name: shop # the shop
      versions:
        - { version: v1, weight: 100 }   # old
        - version: v2
          weight:  0
    - name: other
      versions: [{ version: v2, weight: 100 }]
`;
const place = { file: "Pulumi.dev.yaml", key: "p:services", service: "shop" };

describe("npm run canary", () => {
  it("gives the others the rest, as they shared it before", () => {
    assert.deepEqual(weightsAt({ v1: 100, v2: 0 }, "v2", 10), { v1: 90, v2: 10 });
    assert.deepEqual(weightsAt({ v1: 60, v2: 30, v3: 10 }, "v3", 50), { v1: 33, v2: 17, v3: 50 });
    assert.deepEqual(weightsAt({ v1: 60, v2: 40, v3: 0 }, "v3", 100), { v1: 0, v2: 0, v3: 100 });
    for (let percent = 1; percent <= 100; percent++) {
      const weights = Object.values(weightsAt({ a: 33, b: 33, c: 34, d: 0 }, "d", percent));
      assert.equal(
        weights.reduce((sum, one) => sum + one),
        100,
        `at ${percent}`,
      );
      assert.ok(weights.every((one) => Number.isInteger(one) && one >= 0));
    }
  });

  it("changes the weights of the stack's file, and not a letter besides", () => {
    const changed = withWeights(file, place, { v1: 75, v2: 25 });
    assert.equal(
      changed,
      file.replace("weight: 100 }   # old", "weight: 75 }   # old").replace("weight:  0", "weight:  25"),
    );
    assert.deepEqual(parse(withWeights(changed, place, { v1: 100, v2: 0 })), parse(file));
  });

  it("refuses a file that does not have the weights", () => {
    const broken = [
      file.replace("weight:  0", "text: two"),
      file.replace("name: shop", "name: shoe"),
      "config: {}\n",
      "",
    ];
    for (const text of [...broken, 'config:\n  p:services: "[]"\n']) {
      assert.throws(
        () => withWeights(text, place, { v2: 25, v1: 75 }),
        /Pulumi\.dev\.yaml: no weight of version v\d of shop below p:services; write services there as a list/,
      );
    }
  });

  it("goes on from the weight that a version has", () => {
    assert.deepEqual(stepsBeyond("10,25,50,100", 25), [50, 100]);
    assert.throws(() => stepsBeyond("10,50", 50), /--steps 10,50: the version has 50 % already; end with more/);
    for (const text of ["", "0,10", "10,10", "50,10", "10,101", "1.5", "ten", "-5"]) {
      assert.throws(() => stepsBeyond(text, 0), /use rising whole percents/, text);
    }
  });

  it("refuses a version that can't be shifted to", () => {
    const versions = [
      { version: "v1", weight: 100 },
      { version: "v2", weight: 0 },
      { version: "v3", weight: 0, replicas: 0 },
    ];
    const service = (more: object) => ({ serviceName: "shop", ...more }) as ServiceConfig;
    assert.deepEqual(weightsOf(service({ versions }), "v2"), { v1: 100, v2: 0, v3: 0 });
    assert.throws(() => weightsOf(service({ versions }), "v4"), /v4: shop has no such version; it has v1, v2, v3/);
    assert.throws(() => weightsOf(service({}), "v2"), /it has none; declare versions/);
    assert.throws(() => weightsOf(service({ versions }), "v3"), /v3 of shop has replicas: 0/);
    const even = versions.map(({ version }) => ({ version }));
    assert.throws(() => weightsOf(service({ versions: even }), "v2"), /its versions have no weights; give v2 0/);
  });

  it("judges a step by success and latency, and not by too few requests", () => {
    const objective = { success: 99, latencyMs: 500, requests: 20 };
    const at = (seconds: number) => ({ seconds, hold: 60, longest: 300 });
    const verdict = (measured: Parameters<typeof judge>[0], seconds: number) => {
      const judged = judge(measured, objective, at(seconds));
      return "cause" in judged ? judged.cause : judged.verdict;
    };
    assert.equal(verdict({ requests: 100, failed: 1, p99Ms: 500 }, 59), "wait");
    assert.equal(verdict({ requests: 100, failed: 1, p99Ms: 500 }, 60), "holds");
    assert.equal(verdict({ requests: 100, failed: 2 }, 5), "98 % of 100 requests succeeded, less than 99 %");
    assert.match(verdict({ requests: 100, failed: 0, p99Ms: 501 }, 5), /took up to 501 ms, more than 500 ms/);
    assert.equal(verdict({ requests: 19, failed: 19 }, 299), "wait", "too few to judge");
    assert.match(verdict({ requests: 20, failed: 20 }, 299), /^0 % of 20 requests succeeded/, "just enough to judge");
    assert.equal(successOf({ requests: 0, failed: 0 }), 100);
    assert.match(verdict({ requests: 19, failed: 0 }, 300), /only 19 requests in 300 s, and --requests asks for 20/);
    assert.equal(successOf({ requests: 3, failed: 1 }), 66.66);
    assert.equal(successOf({ requests: 100_000, failed: 1 }), 99.99, "never rounded up to what it is not");
  });

  it("refuses bounds that mean nothing", () => {
    const mistakes: [string, RegExp][] = [
      ["--success=0", /--success 0: use a percent/],
      ["--success=101", /--success 101/],
      ["--latency=fast", /--latency fast: use a duration/],
      ["--requests=0", /--requests 0: use a whole number/],
      ["--hold=5s", /--hold 5s: use a duration from 10s to 24h/],
      ["--steps=50,10", /--steps 50,10/],
    ];
    for (const [flag, expected] of mistakes) {
      assert.throws(() => parseCanaryFlags(["shop", "v2", flag]), expected);
    }
    const { objective, holdSeconds } = parseCanaryFlags(["shop", "v2"]);
    assert.deepEqual(
      { objective, holdSeconds },
      { objective: { success: 99, latencyMs: 1000, requests: 20 }, holdSeconds: 60 },
    );
  });
});
