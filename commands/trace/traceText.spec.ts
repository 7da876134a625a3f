import assert from "node:assert/strict";
import type { Span } from "../../components/observability/tracing/tracingBackend";
import { logLines, shortLine, spanLines, spansInOrder } from "./traceText";

const span = (id: string, start: number, parentId?: string, service = "user.demo"): Span => ({
  id,
  parentId,
  service,
  operation: `asks ${id}`,
  start,
  duration: 1500,
});

describe("a trace as text", () => {
  it("has each span behind the one that caused it, and one without a known cause at the top", () => {
    const spans = [span("c", 30, "b"), span("b2", 20, "a"), span("b", 10, "a"), span("a", 0, "outside")];
    assert.deepEqual(
      spansInOrder(spans).map(({ span: { id }, depth }) => `${depth} ${id}`),
      ["0 a", "1 b", "2 c", "1 b2"],
    );
  });

  it("says when each began, how long it took, whose it is, and what was asked", () => {
    const spans = [span("a", 1000, undefined, "gateway.istio-ingress"), span("b", 2500, "a")];
    const [, first, second] = spanLines(spans);
    assert.match(first!, /^ +0\.0 ms +1\.5 ms {2}gateway\.istio-ingress +asks a$/);
    assert.match(second!, /^ +1\.5 ms +1\.5 ms {4}user\.demo +asks b$/);
  });

  it("shows each log line once, in short, with its link", () => {
    const text = JSON.stringify({
      method: "GET",
      path: "/user/orders",
      response_code: 200,
      duration: 3,
      downstream_peer: "spiffe://cluster.local/ns/istio-ingress/sa/gateway",
    });
    const lines = ["access-log-file", "container"].map((source) => ({ service: "user", source, text }));
    assert.deepEqual(logLines(lines, "http://j/trace/1"), [
      "user (container): GET /user/orders 200 in 3 ms, by istio-ingress/gateway",
      "    http://j/trace/1",
    ]);
    assert.equal(shortLine("plain\n  at x"), "plain");
    assert.equal(shortLine('{"level":"info"}'), '{"level":"info"}');
  });
});
