import assert from "node:assert/strict";
import { parseTapFlags, requireService } from "./tap";
import { tapLine, tappedRequest, Unseen } from "./tapLines";

const line = (more: object = {}) =>
  JSON.stringify({
    start_time: "2026-01-02T03:04:05.678Z",
    method: "GET",
    path: "/user/7",
    response_code: 200,
    duration: 12,
    downstream_peer: "spiffe://cluster.local/ns/istio-ingress/sa/gateway",
    upstream_cluster: "inbound|8080||",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    ...more,
  });

describe("npm run tap", () => {
  it("shows caller, path, code, latency and trace id of a request", () => {
    const shown = tapLine(tappedRequest(line())!);
    const expected =
      /^03:04:05\.678 +istio-ingress\/gateway +200 +12 ms {2}GET \/user\/7 {2}4bf92f3577b34da6a3ce929d0e0e4736$/;
    assert.match(shown, expected);
  });

  it("knows a caller without an identity, and a request that has no route", () => {
    assert.equal(tappedRequest(line({ downstream_peer: "" }))?.caller, "plain text");
    assert.equal(tappedRequest(line({ downstream_peer: null }))?.caller, "plain text");
    assert.equal(tappedRequest(line({ upstream_cluster: undefined, response_code: 403 }))?.code, 403);
  });

  it("leaves out what the service itself sends, and lines of others", () => {
    for (const cluster of ["outbound|8080||payment.demo.svc.cluster.local", "PassthroughCluster", "BlackHoleCluster"]) {
      assert.equal(tappedRequest(line({ upstream_cluster: cluster })), undefined, cluster);
    }
    for (const text of ["", "2026 info\tEnvoy proxy is ready", "null", '{"level":"info"}']) {
      assert.equal(tappedRequest(text), undefined, text);
    }
  });

  it("takes a line once, though it is read again", () => {
    const unseen = new Unseen(100);
    assert.equal(unseen.isNew("a", 0), true);
    assert.equal(unseen.isNew("a", 90), false);
    unseen.forget(180);
    assert.equal(unseen.isNew("a", 180), false, "it was read 90 ms ago");
    unseen.forget(300);
    assert.equal(unseen.isNew("a", 300), true);
  });

  it("refuses a count that is none, and a service that is none", () => {
    for (const count of ["0", "-1", "1.5", "many"]) {
      assert.throws(
        () => parseTapFlags(["user", `--count=${count}`]),
        new RegExp(`--count ${count}: use a whole number`),
      );
    }
    assert.equal(parseTapFlags(["user", "--count", "3"]).count, 3);
    assert.throws(
      () => requireService("user-servce", ["user-service", "payment-service"]),
      /user-servce: the stack has no such service; did you mean user-service\? it has user-service, payment-service/,
    );
  });
});
