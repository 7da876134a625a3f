import assert from "node:assert/strict";
import { tracingBackendNames } from "../components/observability/tracing";
import { ConfigReader } from "./configReader";
import { dev } from "./dev";
import { readObservability } from "./observabilityConfig";
import { prod } from "./prod";

function read(raw: Record<string, string>, profile = dev) {
  const reader = new ConfigReader(raw);
  const config = readObservability(reader, profile);
  return { config, problems: reader.problems.map(({ key, fix }) => `${key}: ${fix}`) };
}

describe("readObservability", () => {
  it("has a value for every key when nothing is set, in every profile", () => {
    for (const profile of [dev, prod]) {
      const { config, problems } = read({}, profile);
      assert.deepEqual(problems, []);
      assert.equal(config.metrics.kind, "prometheus");
      assert.equal(config.tracing.kind, "jaeger");
      assert.equal(config.logs.kind, "loki");
    }
    assert.equal(read({}).config.samplingPercent, 100);
    assert.equal(read({}, prod).config.samplingPercent, 1);
  });

  it("limits who reaches the backends in prod, and elsewhere where config says so", () => {
    const limits = (raw: Record<string, string>, profile = dev) => read(raw, profile).config.networkPolicy;
    const key = "observabilityNetworkPolicy";
    assert.deepEqual([limits({}, prod), limits({ [key]: "false" }, prod)], [true, false]);
    assert.deepEqual([limits({}), limits({ [key]: "true" })], [false, true]);
    for (const profile of [dev, prod]) {
      assert.equal(read({}, profile).config.dashboardsExposed, false);
    }
    assert.match(read({ dashboardsExposed: "true" }, prod).problems.join(), /dashboardsExposed: .*not in prod/);
    assert.deepEqual(read({ dashboardsExposed: "true" }).problems, []);
  });

  it("exposes no page where none is installed, so that the gateway has to lead elsewhere", () => {
    const none = {
      metricsBackend: "none",
      tracingBackend: "none",
      logsBackend: "none",
      kiali: "false",
      grafana: "false",
    };
    const exposed = (more: object) => read({ dashboardsExposed: "true", ...none, ...more }).config.dashboardsExposed;
    assert.equal(exposed({}), false);
    assert.equal(exposed({ tracingBackend: "existing", tracingUrl: "http://a:1" }), false);
    for (const one of [{ metricsBackend: "auto" }, { tracingBackend: "zipkin" }, { grafana: "auto" }]) {
      assert.equal(exposed(one), true, JSON.stringify(one));
    }
    const existing = { metricsBackend: "existing", metricsUrl: "http://a" };
    assert.deepEqual([exposed(existing), exposed({ ...existing, kiali: "true" })], [false, true]);
  });

  const mistakes: [string, Record<string, string>, RegExp][] = [
    ["an unknown backend", { metricsBackend: "promethues" }, /metricsBackend: use one of .*did you mean prometheus/],
    ["an unknown log store", { logsBackend: "splunk" }, /logsBackend: use one of/],
    ["a retention without a unit", { metricsRetention: "7x" }, /metricsRetention: .*15d/],
    ["a retention of nothing", { logsRetention: "0d" }, /logsRetention: .*15d/],
    ["a URL without a scheme", { metricsBackend: "existing", metricsUrl: "prometheus:9090" }, /metricsUrl: .*scheme/],
    ["a remote write without a scheme", { metricsRemoteWrite: '["mimir/push"]' }, /metricsRemoteWrite\[0\]: .*scheme/],
    ["a sampling above 100", { tracingSampling: "200" }, /tracingSampling: .*0 to 100/],
    ["a sampling below 0", { tracingSampling: "-1" }, /tracingSampling: .*0 to 100/],
    ["a volume without a unit", { metricsVolume: "10" }, /metricsVolume: .*10Gi/],
    ["an existing backend without its URL", { metricsBackend: "existing" }, /metricsUrl: give the URL/],
    ["Elasticsearch without its URL", { tracingStorage: "elasticsearch" }, /tracingStorageUrl: give the URL/],
    ["a log store without its URL", { logsBackend: "elasticsearch" }, /logsUrl: give the URL/],
    ["a URL that nothing uses", { logsUrl: "http://logs:4318" }, /logsUrl: only used with/],
    ["Kiali without metrics", { metricsBackend: "none", kiali: "true" }, /kiali: Kiali draws its graph/],
    ["a folder that is no path", { podLogsFolder: "logs" }, /podLogsFolder: use an absolute path/],
  ];
  for (const [what, raw, expected] of mistakes) {
    it(`refuses ${what}`, () => {
      const { problems } = read(raw);
      assert.equal(problems.length, 1, problems.join("; "));
      assert.match(problems[0]!, expected);
    });
  }

  it("names every tracing backend where one of them has to be chosen", () => {
    assert.deepEqual(read({ tracingBackend: "skywalking" }).problems, [
      `tracingBackend: use one of ${[...tracingBackendNames, "existing", "none"].join(", ")}`,
    ]);
    const storage = { tracingStorage: "elasticsearch", tracingStorageUrl: "https://es.example.com" };
    const installed = `tracingBackend: ${tracingBackendNames.join(" or ")}`;
    assert.deepEqual(
      read({ tracingBackend: "none", ...storage }).problems,
      Object.keys(storage).map((key) => `${key}: only used with ${installed}; set that, or remove this key`),
    );
  });

  it("reads existing backends", () => {
    const { config, problems } = read({
      metricsBackend: "existing",
      metricsUrl: "https://prometheus.example/",
      tracingBackend: "existing",
      tracingUrl: "http://collector.telemetry.svc:14317",
      logsBackend: "otlp",
      logsUrl: "https://logs.example/otlp",
      tracingSampling: "0.5",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(config.metrics, { kind: "existing", url: "https://prometheus.example" });
    assert.deepEqual(config.tracing, { kind: "existing", host: "collector.telemetry.svc", port: 14317 });
    assert.deepEqual(config.logs, { kind: "existing", backend: { kind: "otlp", url: "https://logs.example/otlp" } });
    assert.equal(config.samplingPercent, 0.5);
  });

  it("runs one pod of what keeps its data to itself, and several where a store is shared", () => {
    const alone = read({}, prod).config;
    assert.ok(alone.logs.kind === "loki" && alone.logs.sizing?.replicas === 1);
    assert.ok(alone.tracing.kind === "jaeger" && alone.tracing.sizing?.replicas === 1);
    const shared = read(
      { logsBucket: "mesh-logs", tracingStorage: "opensearch", tracingStorageUrl: "https://search.example:9200" },
      prod,
    ).config;
    assert.ok(shared.logs.kind === "loki" && shared.logs.sizing?.replicas === 3 && shared.logs.storage?.kind === "s3");
    assert.ok(shared.tracing.kind === "jaeger" && shared.tracing.sizing?.replicas === 2);
  });
});
