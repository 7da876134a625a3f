import assert from "node:assert/strict";
import { declaredService } from "../../../test/support/declaredService";
import { X509Certificate } from "node:crypto";
import { selfSigned } from "../../../components/selfSigned";
import type { LiveObject } from "../../../cluster/kubeClient";
import type { DeclaredMesh } from "../../../stacks/declared";
import type { Answer } from "../../shared/httpClient";
import type { Context, Outcome } from "../check";
import { judgeLine, logCause } from "./accessLog";
import { fileCause, followedLine, lineFilter, stdoutCause, timedLine } from "./applicationLog";
import { judgeGatewaySecret, judgeIdentities, judgeProxyCertificates, readCertificates } from "./certificates";
import { judgeNodes, judgeVersion } from "./cluster";
import { judgeCalls, pairs } from "./edges";
import { judgeInjected, judgeVersions } from "./injected";
import { judgeInjector } from "./istiod";
import { grown, metricsCause, requestsToSend } from "./metrics";
import { readPlainText, whoAllowsPlainText } from "./mtls";
import { judgeNamespace } from "./namespace";
import { expectedEdges, graphEdges } from "./pages";
import { judgeRestarts, restarts } from "./restarts";
import { isExpected } from "./routes";
import { connectionMs, judgeSynced } from "./synced";
import { callJourney, spanServices, tracingCause } from "./traces";

const causeOf = (outcome: Outcome) => (outcome.verdict === "fail" ? outcome.cause : outcome.verdict);
const object = (kind: string, name: string, more: Partial<LiveObject> = {}): LiveObject => ({
  kind,
  ...more,
  metadata: { name, namespace: "demo", ...more.metadata },
});
const service = declaredService("user", {
  path: "/user",
  timeout: "15s",
  retries: { attempts: 2, perTryTimeout: "500ms" },
});
const answer = (status: number, body = ""): Answer => ({ status, body, headers: {}, ms: 1 });

describe("cluster", () => {
  it("takes the versions that Istio supports, and newer ones", () => {
    assert.equal(judgeVersion("v1.31.9", "k").verdict, "fail");
    assert.equal(judgeVersion("v1.32.0", "k").verdict, "pass");
    assert.match(judgeVersion("v1.99.0-rc.1", "k").evidence, /newer than Istio was tested with/);
    assert.equal(judgeVersion("nonsense", "k").verdict, "fail");
  });
  it("wants every node ready", () => {
    const node = (name: string, status: string) =>
      object("Node", name, { status: { conditions: [{ type: "Ready", status }] } });
    assert.equal(judgeNodes([node("a", "True")], "k").verdict, "pass");
    assert.match(causeOf(judgeNodes([node("a", "True"), node("b", "Unknown")], "k")), /node b is not ready/);
    assert.equal(causeOf(judgeNodes([], "k")), "the cluster has no node");
  });
});

describe("injector, namespace and injected", () => {
  const webhook = (caBundle?: string) =>
    object("MutatingWebhookConfiguration", "istio-sidecar-injector", {
      metadata: { labels: { app: "sidecar-injector" } },
      ...({ webhooks: [{ name: "a", clientConfig: { caBundle } }] } as object),
    });
  it("want a webhook that the API server can trust", () => {
    assert.equal(judgeInjector([webhook("Q0E=")], "k").verdict, "pass");
    assert.match(causeOf(judgeInjector([webhook()], "k")), /has no caBundle/);
    assert.match(causeOf(judgeInjector([], "k")), /is gone/);
  });
  it("know both forms of the label", () => {
    assert.equal(judgeNamespace("demo", { "istio-injection": "enabled" }, undefined, "k").verdict, "pass");
    assert.equal(judgeNamespace("demo", { "istio.io/rev": "canary" }, "canary", "k").verdict, "pass");
    assert.match(
      causeOf(judgeNamespace("demo", { "istio-injection": "disabled" }, undefined, "k")),
      /lacks the injection label istio-injection=enabled/,
    );
    assert.match(causeOf(judgeNamespace("demo", undefined, undefined, "k")), /is gone/);
  });
  const pod = (image?: string, labels = {}) =>
    object("Pod", "user-1", {
      metadata: { labels },
      spec: { containers: [{ name: "user" }, ...(image ? [{ name: "istio-proxy", image }] : [])] },
    });
  it("distinguish a pod that opts out from one that started too early", () => {
    assert.equal(judgeInjected([pod("proxyv2:1")], "k").verdict, "pass");
    assert.match(causeOf(judgeInjected([pod()], "k")), /started without injection/);
    assert.match(causeOf(judgeInjected([pod(undefined, { "sidecar.istio.io/inject": "false" })], "k")), /opts out/);
  });
  it("want one version", () => {
    assert.equal(judgeVersions([pod("hub:5000/proxyv2:1.30")], "1.30", "k").verdict, "pass");
    assert.match(causeOf(judgeVersions([pod("hub/proxyv2:1.29")], "1.30", "k")), /by another version of Istio/);
  });
});

describe("synced", () => {
  const pods = [object("Pod", "user-1")];
  const type = "type.googleapis.com/envoy.config.listener.v3.Listener";
  const status = (resource: object) => [{ proxy: "user-1.demo", resources: { [type]: resource } }];
  it("distinguishes a proxy that refuses, one that lags, and one that is not there", () => {
    assert.equal(judgeSynced(pods, status({ sent: "a", acked: "a" }), [], "k").verdict, "pass");
    const filters = [object("EnvoyFilter", "odd")];
    const refused = causeOf(
      judgeSynced(pods, status({ sent: "b", acked: "a", lastError: "no such\nfilter" }), filters, "k"),
    );
    assert.match(refused, /refuses what istiod sends.*no such filter; suspects: EnvoyFilter demo\/odd/);
    assert.match(causeOf(judgeSynced(pods, status({ sent: "b", acked: "a" }), [], "k")), /has not taken/);
    assert.match(causeOf(judgeSynced(pods, [], [], "k")), /not connected to istiod/);
  });
  it("gives proxies time to come to an istiod that has just taken another's place, and to no other", () => {
    const now = Date.parse("2026-06-01T00:10:00Z");
    const istiod = (startTime?: string) => object("Pod", "istiod", { status: { startTime } });
    assert.equal(connectionMs([istiod("2026-06-01T00:00:00Z"), istiod("2026-06-01T00:09:30Z")], now), 45_000);
    assert.equal(connectionMs([istiod("2026-06-01T00:08:00Z")], now), 4000);
    assert.equal(connectionMs([istiod()], now), 4000);
  });
});

describe("certificates", () => {
  const made = (from: string, until: string) =>
    selfSigned(["root"], { from: new Date(from), until: new Date(until) }).then(({ certificate }) => certificate);
  const now = Date.parse("2026-06-01T00:00:00Z");
  let root = "";
  before(async () => (root = await made("2025-01-01", "2036-01-01")));
  const envoy = (expiration_time: string, serial_number = new X509Certificate(root).serialNumber.toLowerCase()) =>
    readCertificates("demo/user-1", {
      certificates: [
        {
          ca_cert: [{ serial_number, expiration_time: "2036-01-01T00:00:00Z" }],
          cert_chain: [{ subject_alt_names: [{ uri: "spiffe://cluster.local/ns/demo/sa/user" }], expiration_time }],
        },
      ],
    });
  it("are fine while they are renewed, and of one root", () => {
    assert.equal(judgeProxyCertificates([envoy("2026-06-01T20:00:00Z")], root, now, "k").verdict, "pass");
    assert.match(causeOf(judgeProxyCertificates([envoy("2026-06-01T00:30:00Z")], root, now, "k")), /about to expire/);
    assert.match(causeOf(judgeProxyCertificates([envoy("2026-05-31T00:00:00Z")], root, now, "k")), /is expired/);
    const foreign = judgeProxyCertificates([envoy("2026-06-01T20:00:00Z", "abc")], root, now, "k");
    assert.match(causeOf(foreign), /trusts a foreign root/);
    assert.match(causeOf(judgeProxyCertificates([readCertificates("demo/x", {})], root, now, "k")), /no certificate/);
  });
  it("of a root about to expire are not", async () => {
    const certificate = await made("2025-01-01", "2026-06-01T12:00:00Z");
    assert.match(
      causeOf(judgeProxyCertificates([], certificate, now, "k")),
      /root certificate is expired, or about to/,
    );
  });
  it("of the gateway are looked at in its Secret", async () => {
    const judged = async (until: string) => {
      const data = { "tls.crt": Buffer.from(await made("2025-01-01", until)).toString("base64") };
      return judgeGatewaySecret("demo/tls", object("Secret", "tls", { data }), now, "k");
    };
    assert.equal((await judged("2027-01-01")).verdict, "pass");
    assert.match(causeOf(await judged("2026-01-01")), /is expired/);
    assert.match(causeOf(await judged("2026-06-01T10:00:00Z")), /less than a day/);
    assert.match(causeOf(judgeGatewaySecret("demo/tls", undefined, now, "k")), /is gone/);
  });
  it("prove the service account", () => {
    const found = { pod: "demo/user-1", account: "user", identity: "spiffe://cluster.local/ns/demo/sa/user" };
    assert.equal(judgeIdentities([found], "k").verdict, "pass");
    assert.match(causeOf(judgeIdentities([{ ...found, account: "payment" }], "k")), /for another identity/);
  });
});

describe("mtls", () => {
  const refused = answer(503, "error trying to reach service: read tcp: connection reset by peer");
  it("knows nothing where the API server does not reach pods", () => {
    assert.equal(readPlainText(answer(200), refused), "refused");
    assert.equal(readPlainText(answer(200), answer(200, "Hello")), "accepted");
    // Refused by authorization, but only after plain text was taken.
    assert.equal(readPlainText(answer(200), answer(403, "RBAC: access denied")), "accepted");
    assert.equal(readPlainText(refused, refused), "unknown");
  });
  it("names who allows it", () => {
    const authentication = (mode: string) => object("PeerAuthentication", "default", { spec: { mtls: { mode } } });
    assert.match(whoAllowsPlainText([authentication("PERMISSIVE")], "demo", "s"), /demo\/default is PERMISSIVE/);
    assert.match(whoAllowsPlainText([], "demo", "s"), /neither demo nor s has a PeerAuthentication/);
    assert.match(whoAllowsPlainText([authentication("STRICT")], "demo", "s"), /no PeerAuthentication allows it/);
  });
});

describe("what a path answers without a token", () => {
  const answer = (status: number): Answer => ({ status, body: "", headers: {}, ms: 1 });
  const expected = (guards: object) =>
    [0, 200, 302, 401, 403, 418, 503].filter((status) => isExpected({ ...service, ...guards }, answer(status)));
  it("is a refusal where one is needed, and what the authorizer says", () => {
    assert.deepEqual(expected({ jwt: {} }), [403]);
    assert.deepEqual(expected({ extAuthz: {} }), [200, 302, 401, 403, 418]);
    // The authorizer is asked first, and refuses in its own way.
    assert.deepEqual(expected({ jwt: {}, extAuthz: {} }), [302, 401, 403, 418]);
    assert.deepEqual(expected({ jwt: { paths: ["/other"] }, texts: [""] }), [200]);
  });
});

describe("edges", () => {
  const payment = { ...service, name: "payment", callers: [{ namespace: "demo", serviceAccount: "user" }] };
  const deny = object("AuthorizationPolicy", "default-deny", { spec: {} });
  const facts = {
    defaultDeny: true,
    scopedProxies: false,
    namespace: "demo",
    authorized: [] as string[],
    policies: [deny],
  };
  const call = { from: "user", to: "payment", allowed: true, said: "" };
  it("are every pair of services, the declared ones first", () => {
    assert.deepEqual(pairs([service, payment], "demo"), [
      { from: "user", to: "payment", allowed: true },
      { from: "payment", to: "user", allowed: false },
    ]);
  });
  it("are not tried where a call needs a token, but by who must not call at all", () => {
    assert.deepEqual(pairs([service, { ...payment, jwt: {} }], "demo"), [
      { from: "payment", to: "user", allowed: false },
    ]);
    assert.equal(pairs([{ ...service, extAuthz: {} }, payment], "demo").length, 2);
  });
  it("are let through if declared, and no other", () => {
    const undeclared = { ...call, from: "payment", to: "user", allowed: false };
    assert.equal(
      judgeCalls(
        [
          { ...call, status: 200 },
          { ...undeclared, status: 403 },
        ],
        facts,
        "k",
      ).verdict,
      "pass",
    );
    assert.match(causeOf(judgeCalls([{ ...call, status: 403 }], facts, "k")), /demo\/allow-payment is gone/);
    const token = object("AuthorizationPolicy", "require-token-payment", {
      spec: { action: "DENY", selector: { matchLabels: { app: "payment" } } },
    });
    const guarded = { ...facts, policies: [deny, token] };
    assert.match(causeOf(judgeCalls([{ ...call, status: 403 }], guarded, "k")), /demo\/allow-payment is gone/);
    assert.match(
      causeOf(judgeCalls([{ ...undeclared, status: 200 }], facts, "k")),
      /not declared lets payment call user/,
    );
    const open = { ...facts, policies: [] };
    assert.match(causeOf(judgeCalls([{ ...undeclared, status: 200 }], open, "k")), /demo\/default-deny is gone/);
    assert.match(causeOf(judgeCalls([{ ...undeclared, status: 403 }], open, "k")), /demo\/default-deny is gone/);
    assert.match(
      causeOf(judgeCalls([{ ...call, said: "bad address" }], facts, "k")),
      /does not answer user: bad address/,
    );
    assert.equal(judgeCalls([{ ...undeclared, status: 200 }], { ...facts, defaultDeny: false }, "k").verdict, "pass");
    // Where the caller's proxy does not know the other, the call ends before a proxy refuses it.
    const scoped = { ...facts, scopedProxies: true };
    const verdict = (status: number | undefined, by = scoped) =>
      judgeCalls([{ ...undeclared, status }], by, "k").verdict;
    assert.deepEqual(
      [403, 503, undefined, 200].map((status) => verdict(status)),
      ["pass", "pass", "pass", "fail"],
    );
    assert.equal(verdict(503, facts), "fail");
    const authorized = { ...facts, authorized: ["user"] };
    assert.deepEqual(
      [200, 302, 403, 418, 503, undefined].map((status) => verdict(status, authorized)),
      ["fail", "pass", "pass", "pass", "fail", "fail"],
    );
  });
});

describe("metrics", () => {
  const facts = { up: 3, down: 0, counter: true, telemetries: [] as LiveObject[] };
  const about = { statsAccessLog: true, system: "istio-system", kubectl: "k" };
  it("sends more than the load generator could have", () => {
    assert.equal(requestsToSend(undefined, 15), 30);
    assert.equal(requestsToSend(1, 15), 30);
    assert.equal(requestsToSend(10, 15), 300);
  });
  it("counts by pod, for pods come and go", () => {
    assert.equal(grown({ a: 100, b: 5 }, { b: 7, c: 3 }), 5);
    assert.equal(grown({ a: 100 }, { a: 4 }), 0);
  });
  it("names what keeps requests from being counted", () => {
    assert.match(metricsCause({ ...facts, counter: false }, about).cause, /stats-access-log is gone/);
    assert.match(metricsCause({ ...facts, up: 0 }, about).cause, /finds no proxy/);
    assert.match(metricsCause({ ...facts, down: 2 }, about).cause, /can't scrape 2 of 5 proxies/);
    const off = object("Telemetry", "off", { spec: { metrics: [{ overrides: [{ disabled: true }] }] } });
    assert.match(metricsCause({ ...facts, telemetries: [off] }, about).cause, /demo\/off switches metrics off/);
    // Of the load generator alone it is meant to be off.
    const own = { ...off, spec: { ...off.spec, selector: { matchLabels: {} } } };
    assert.match(metricsCause({ ...facts, telemetries: [own] }, about).cause, /do not count these requests/);
  });
});

describe("traces", () => {
  it("follow a request over a call from service to service, where both answer", () => {
    const abort = { abort: { percent: 10, status: 500 } };
    const user = declaredService("user", { calls: [{ path: "/user/orders", service: "payment" }] });
    const journey = { path: "/user/orders", services: ["user", "payment"] };
    assert.deepEqual(callJourney([user, declaredService("payment")]), journey);
    assert.equal(callJourney([user, declaredService("payment", { fault: abort })]), undefined);
    assert.equal(callJourney([{ ...user, fault: abort }, declaredService("payment")]), undefined);
    assert.equal(callJourney([declaredService("payment")]), undefined);
    assert.equal(callJourney([user, declaredService("payment", { jwt: {} })]), undefined);
    assert.deepEqual(callJourney([user, declaredService("payment", { jwt: { paths: ["/other"] } })]), journey);
  });
  const about = { system: "istio-system", kubectl: "k" };
  const telemetry = (spec: object) =>
    object("Telemetry", "mesh-default", { metadata: { namespace: "istio-system" }, spec: spec as never });
  it("reads who has a span", () => {
    const spans = ["user.demo", "gateway", "user.demo"].map((service) => ({ service }));
    assert.deepEqual(spanServices(spans), ["gateway", "user.demo"]);
  });
  it("names what keeps spans from being sent", () => {
    assert.match(tracingCause([], "", about)?.cause ?? "", /istio-system\/mesh-default is gone/);
    const on = telemetry({ tracing: [{ providers: [{ name: "mesh-tracing" }] }] });
    assert.match(tracingCause([on], "", about)?.cause ?? "", /mesh config does not know the tracer/);
    assert.equal(tracingCause([on], "name: mesh-tracing", about), undefined);
    assert.match(tracingCause([telemetry({})], "", about)?.cause ?? "", /no longer names the tracer/);
    const off = telemetry({ tracing: [{ disableSpanReporting: true }] });
    assert.match(tracingCause([off], "", about)?.cause ?? "", /switches spans off/);
  });
});

describe("access-log", () => {
  const about = { mesh: "demo", kubectl: "k" };
  const pod = object("Pod", "user-1", {
    metadata: { labels: { "sidecar-mesh/access-log": "file" } },
    spec: { containers: [{ name: "log-scraper" }] },
  });
  it("names what keeps a line from the store", () => {
    assert.match(logCause({ telemetry: false, pod }, about).cause, /demo\/access-log-file is gone/);
    assert.match(logCause({ telemetry: true, pod: object("Pod", "user-1") }, about).cause, /has no label/);
    assert.match(logCause({ telemetry: true, pod, inFile: false }, about).cause, /did not write/);
    assert.match(logCause({ telemetry: true, pod, inFile: true }, about).cause, /does not deliver/);
  });
  it("wants the caller's identity in the line", () => {
    const line = { path: "/user/x", response_code: 200, downstream_peer: "spiffe://cluster.local/ns/i/sa/gateway" };
    assert.equal(judgeLine(line, "/user/x", "/ns/i/sa/gateway", "k").verdict, "pass");
    assert.match(
      causeOf(judgeLine({ ...line, downstream_peer: "" }, "/user/x", "/ns/i/sa/gateway", "k")),
      /as anonymous/,
    );
  });
});

describe("application-output and application-files", () => {
  const pod = object("Pod", "user-1", { spec: { nodeName: "n1", containers: [{ name: "log-scraper" }] } });
  const agent = (node: string, ready = "True") =>
    object("Pod", `agent-${node}`, {
      spec: { nodeName: node },
      status: { conditions: [{ type: "Ready", status: ready }] as never },
    });
  it("follow the line of their own request, or the last one", () => {
    assert.equal(followedLine("a\nGET /verify-1\nb\n\n", "verify-1"), "GET /verify-1");
    assert.equal(followedLine("a\nb\n \n", "verify-1"), "b");
    assert.equal(followedLine("\n", "verify-1"), undefined);
  });
  it("know when a line was written, and that one without text is none", () => {
    const sinceMs = Date.parse("2026-06-01T12:00:00.123Z");
    assert.deepEqual(timedLine("2026-06-01T12:00:00.123456789Z [INFO] x y"), { line: "[INFO] x y", sinceMs });
    assert.equal(timedLine("2026-06-01T12:00:00Z  "), undefined);
    assert.equal(timedLine("unable to retrieve container logs"), undefined);
  });
  it("look for a line as it is, whatever is in it", () => {
    assert.equal(lineFilter('  {"a":"b\\c"} '), '|= "{\\"a\\":\\"b\\\\c\\"}"');
    assert.ok(lineFilter("x".repeat(5000)).length < 500);
  });
  it("name what keeps a line from the store", () => {
    const about = { observability: "o", kubectl: "k" };
    assert.match(stdoutCause(pod, [agent("n1")], about).cause, /agent on n1 does not deliver what demo\/user-1/);
    assert.match(stdoutCause(pod, [agent("n2"), agent("n1", "False")], about).cause, /no log agent is ready on n1/);
    const going = { ...agent("n1"), metadata: { ...agent("n1").metadata, deletionTimestamp: new Date(0) } };
    assert.match(stdoutCause(pod, [going], about).cause, /no log agent is ready on n1/);
    const written = (mode: string) => ({ pod, line: "x", sinceMs: 0, file: { name: "a.log", mode } });
    assert.match(fileCause(written("640"), "k").cause, /a.log of demo\/user-1 has the mode 640/);
    assert.match(fileCause(written("644"), "k").cause, /scraper of demo\/user-1 does not deliver/);
    assert.match(fileCause({ ...written("644"), pod: object("Pod", "user-1") }, "k").cause, /no container log-scraper/);
  });
});

describe("kiali", () => {
  it("reads the graph's edges, and knows which have to be there", () => {
    const elements = {
      nodes: [{ data: { id: "1", app: "gateway" } }, { data: { id: "2", app: "user" } }],
      edges: [{ data: { source: "1", target: "2" } }],
    };
    assert.deepEqual(graphEdges({ elements }), ["gateway -> user"]);
    const mesh = {
      services: [service, { ...service, name: "payment", callers: [{ namespace: "demo", serviceAccount: "user" }] }],
      gateway: { name: "gateway" },
      namespaces: { mesh: "demo" },
      loadPerSecond: 1,
    } as unknown as DeclaredMesh;
    assert.deepEqual(expectedEdges(mesh), ["gateway -> user", "gateway -> payment", "user -> payment"]);
    assert.deepEqual(expectedEdges({ ...mesh, loadPerSecond: undefined }), ["gateway -> user", "gateway -> payment"]);
    const guarded = mesh.services.map((one) => (one.name === "payment" ? { ...one, jwt: {} } : one));
    assert.deepEqual(expectedEdges({ ...mesh, services: guarded }), ["gateway -> user", "gateway -> payment"]);
  });
});

describe("restarts", () => {
  const pod = (finishedAt: string, ready: string) =>
    object("Pod", "user-1", {
      status: {
        conditions: [{ type: "Ready", status: ready }],
        containerStatuses: [
          {
            name: "user",
            restartCount: 2,
            lastState: { terminated: { reason: "OOMKilled", exitCode: 137, finishedAt } },
          },
        ] as never,
      },
    });
  const now = Date.parse("2026-06-01T12:00:00Z");
  it("are news for ten minutes, and of pods that are ready", () => {
    assert.match(causeOf(judgeRestarts([pod("2026-06-01T11:55:00Z", "True")], now, "k")), /OOMKilled, exit code 137/);
    assert.equal(judgeRestarts([pod("2026-06-01T11:00:00Z", "True")], now, "k").verdict, "pass");
    assert.equal(judgeRestarts([pod("2026-06-01T11:55:00Z", "False")], now, "k").verdict, "pass");
  });
  it("are looked for in every namespace of the stack", async () => {
    const looked: string[] = [];
    const namespaces = { mesh: "demo", system: "s", gateway: "g", observability: "o", rateLimit: "rate-limit" };
    const list = (_: string, __: string, namespace: string) => Promise.resolve(looked.push(namespace) && []);
    await restarts.run({ cluster: { list, kubectl: "k" }, declared: { namespaces } } as unknown as Context);
    assert.deepEqual(looked, Object.values(namespaces));
  });
});
