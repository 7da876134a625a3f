import assert from "node:assert/strict";
import { parseConfig } from "../../stacks/config";
import type { ObservabilityGroup } from "../../toolchain";
import { neededForTraffic, settingsWithout, trafficText } from "./firstUpdate";
import { wantedPrograms } from "../session/session";
import { asProgramConfig, readProject, withSettings } from "../session/stackFiles";

const project = readProject();
const whole = (settings: Record<string, string>) =>
  parseConfig(asProgramConfig(withSettings({}, settings, project), project));
const all: ObservabilityGroup[] = ["fortio", "prometheus", "alertmanager", "jaeger", "otelcol", "loki"];

/** The configuration of a first update while nothing is built that requests do not need. */
function first(settings: Record<string, string>) {
  const config = whole(settings);
  const needed = neededForTraffic(config);
  const later = wantedPrograms(config).filter((name) => !needed.includes(name));
  return { config: whole({ ...settings, ...settingsWithout(later) }), later };
}

const service = { name: "shop", path: "/shop" };

describe("what traffic waits for", () => {
  it("is Prometheus where a service has an objective, whose rules are there from the start", () => {
    const services = JSON.stringify([{ ...service, slo: { success: 99 } }]);
    const { config, later } = first({ services });
    assert.equal(config.observability.metrics.kind, "prometheus");
    assert.deepEqual(later, ["fortio", "jaeger", "otelcol", "loki"]);
  });
});

describe("the first update of a first start", () => {
  it("leaves out what watches the stack, and nothing of the services", () => {
    const { config, later } = first({});
    const { observability, services, rateLimit, security } = config;
    assert.deepEqual(later, ["prometheus", "jaeger", "otelcol", "loki"]);
    const kinds = [observability.metrics.kind, observability.tracing.kind, observability.logs.kind];
    assert.deepEqual(kinds, ["none", "none", "none"]);
    assert.deepEqual([observability.kiali, observability.grafana], [false, false]);
    const configured = whole({});
    assert.deepEqual([rateLimit, security], [configured.rateLimit, configured.security]);
    // Without a log store, the load generator's requests are not logged to files.
    assert.deepEqual(
      services,
      configured.services.map(({ logFiles: _, ...service }) => service),
    );
    // The services call each other by fortio, which is there for that.
    assert.deepEqual(config.load, configured.load);
  });

  it("is a good configuration whatever is set of the backends that it leaves out", () => {
    const { config } = first({
      metricsRetention: "3d",
      metricsVolume: "5Gi",
      metricsRemoteWrite: '["http://far.example/write"]',
      tracingStorage: "elasticsearch",
      tracingStorageUrl: "http://es:9200",
      logsRetention: "3d",
      logsBucket: "logs",
      logsBucketRegion: "eu-central-1",
      logsBucketUrl: "http://minio:9000",
      alertWebhookUrl: "https://chat.example.com/hook",
      dashboardsExposed: "true",
      tracingSampling: "5",
      podLogsFolder: "/logs",
      loadGeneratorRate: "5",
      services: JSON.stringify([service]),
      resourceQuota: '{"pods": "40"}',
    });
    assert.equal(config.observability.metrics.kind, "none");
    assert.equal(first({ alertmanagerUrl: "http://alerts.example" }).config.observability.metrics.kind, "none");
    assert.ok(!first({}).later.includes("alertmanager"));
    assert.equal(first({ profile: "prod" }).config.observability.logs.kind, "none");
    assert.equal(first({ logsBackend: "otlp", logsUrl: "http://far:4318" }).config.observability.logs.kind, "none");
  });

  it("keeps backends that are elsewhere, which need no image", () => {
    const { config, later } = first({
      metricsBackend: "existing",
      metricsUrl: "http://prometheus.example",
      tracingBackend: "existing",
      tracingUrl: "http://collector.example:4317",
      logsBackend: "none",
    });
    assert.deepEqual(later, []);
    assert.equal(config.observability.metrics.kind, "existing");
    assert.equal(config.observability.tracing.kind, "existing");
  });

  it("has logs where a service writes them to files: the folder comes with what reads it", () => {
    const services = JSON.stringify([{ ...service, logFiles: { folder: "/var/log/shop" } }]);
    const { config, later } = first({ services });
    assert.deepEqual(later, ["fortio", "prometheus", "jaeger"]);
    assert.equal(config.observability.logs.kind, "loki");
    assert.ok(config.services[0]!.logFiles);
  });

  it("has limits that all pods share, and no load where nothing else needs fortio", () => {
    const services = JSON.stringify([{ ...service, globalRateLimit: { requests: 10, unit: "minute" } }]);
    const { config, later } = first({ services });
    assert.ok(later.includes("fortio"));
    assert.equal(config.load, undefined);
    assert.equal(config.rateLimit.limits.length, 1);
  });
});

describe("settingsWithout", () => {
  it("leaves out only what is not there", () => {
    assert.deepEqual(settingsWithout([]), {});
    const settings = settingsWithout(["jaeger"]);
    assert.equal(settings.tracingBackend, "none");
    assert.equal(settings.metricsBackend, undefined);
    assert.equal(settings.logsBackend, undefined);
  });

  it("names no key that the program does not know", () => {
    for (const key of Object.keys(settingsWithout(all))) {
      assert.ok(key in project.keys, key);
    }
  });
});

describe("trafficText", () => {
  it("shows a request that passes, and what is still to come", () => {
    assert.equal(
      trafficText(whole({}), "http://localhost:8080", ["prometheus", "jaeger", "loki"], 430),
      "traffic passes: curl http://localhost:8080/user\nPrometheus, Jaeger and Loki follow in about 7 min",
    );
  });

  it("names a host that the gateway serves, and does without an address", () => {
    const config = whole({ gatewayHosts: '["shop.example"]' });
    assert.match(trafficText(config, "http://localhost:8080", ["otelcol"], 30), /--connect-to shop\.example:8080/);
    assert.equal(
      trafficText(config, undefined, ["otelcol"], 30),
      "the services are up\nThe log collector follows in less than a minute",
    );
  });
});
