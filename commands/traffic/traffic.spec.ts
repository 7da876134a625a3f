import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpClient } from "../shared/httpClient";
import { percentile, percentiles } from "../shared/statistics";
import { drive } from "./drive";
import { due, trafficPlan } from "./plan";
import { progressLine, summarize, summaryText } from "./summary";

const flags = { rps: "20", duration: "60s", path: [] as string[] };

describe("npm run traffic", () => {
  it("takes rate, duration and paths; without any path it asks each service", () => {
    assert.deepEqual(trafficPlan(flags, ["/a", "/b"]), { rps: 20, seconds: 60, paths: ["/a", "/b"] });
    assert.deepEqual(trafficPlan({ ...flags, path: ["/c?x=1"] }, ["/a"]).paths, ["/c?x=1"]);
  });

  const mistakes: [Partial<typeof flags>, RegExp][] = [
    [{ rps: "201" }, /--rps 201: .*at most 200/],
    [{ rps: "0" }, /--rps 0/],
    [{ rps: "many" }, /--rps many/],
    [{ duration: "11m" }, /--duration 11m: use a duration from 1s to 10m/],
    [{ duration: "10" }, /--duration 10/],
    [{ path: ["user"] }, /--path user: start with \//],
  ];
  for (const [wrong, expected] of mistakes) {
    it(`refuses ${JSON.stringify(wrong)}`, () =>
      assert.throws(() => trafficPlan({ ...flags, ...wrong }, ["/a"]), expected));
  }

  it("keeps an even pace, and never sends more than was asked for", () => {
    const plan = { rps: 4, seconds: 2, paths: ["/"] };
    assert.deepEqual(
      [0, 0.24, 0.25, 1, 1.99, 60].map((t) => due(plan, t)),
      [1, 1, 2, 5, 8, 8],
    );
  });

  it("sums up real answers by code and path", async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/bad" ? 503 : 200;
      response.end("x");
    }).listen(0);
    const http = new HttpClient();
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const plan = { rps: 40, seconds: 1, paths: ["/good", "/bad"] };
      const { sent, seconds } = await drive(plan, http, url, () => undefined, new AbortController().signal);
      const summary = summarize(sent, seconds);
      assert.deepEqual(summary.codes, { 200: 20, 503: 20 });
      assert.deepEqual(summary.paths["/bad"]?.codes, { 503: 20 });
      assert.ok(summary.ms!.p50 > 0 && summary.ms!.p50 <= summary.ms!.p99);
      assert.match(
        summaryText(summary),
        /^40 requests in 1(\.0\d)? s, [34]\d(\.\d)? per second\n\ncode +requests +share\n(200|503) +20 +50.0 %/,
      );
      assert.match(progressLine(summary, 60), /^1 s of 60 {2}[\d.]+\/s {2}(200|503): 20/);
    } finally {
      http.close();
      server.close();
    }
  });

  it("says why there was no answer", async () => {
    const http = new HttpClient();
    const { status, error } = await http.get("http://127.0.0.1:9/");
    assert.deepEqual([status, error], [0, "ECONNREFUSED"]);
    assert.deepEqual(summarize([{ path: "/", status, error, ms: 1 }], 1).codes, { ECONNREFUSED: 1 });
    http.close();
  });
});

describe("percentile", () => {
  it("is a value that was measured", () => {
    const values = [5, 1, 4, 2, 3];
    assert.deepEqual(
      [0, 50, 90, 100].map((p) => percentile(values, p)),
      [1, 3, 5, 5],
    );
    assert.equal(percentile([], 50), undefined);
    assert.deepEqual(percentiles([1.26]), { p50: 1.3, p90: 1.3, p99: 1.3, max: 1.3 });
  });
});
