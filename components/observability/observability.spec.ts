import assert from "node:assert/strict";
import { isSecret } from "@pulumi/pulumi";
import { dev } from "../../stacks/dev";
import type { Declared } from "../../test/support/declare";
import { declare, errorOf } from "../../test/support/declare";
import { mergeMeshConfig, MeshTelemetry, telemetryMeshConfig } from "../telemetry";
import { dataSources } from "./grafana";
import { jaegerConfig } from "./jaeger";
import { kialiConfig } from "./kiali";
import { lokiConfig } from "./loki";
import type { ObservabilityArgs } from "./observability";
import { logScraper, logStore, Observability, spanReceiver } from "./observability";

const profile = dev.observability;
const args: ObservabilityArgs = {
  metrics: { kind: "prometheus", sizing: profile.prometheus.sizing, retention: "2d", remoteWrite: [] },
  tracing: { kind: "jaeger", sizing: profile.jaeger.sizing, storage: { kind: "memory", maxTraces: 100 } },
  logs: { kind: "loki", sizing: profile.loki.sizing, retention: "2d", storage: { kind: "filesystem" } },
  scrapeSeconds: 5,
  logScraper: profile.logScraper,
  podLogsFolder: "/var/log/pods",
  systemNamespace: "istio-system",
  kiali: { sizing: profile.kialiSizing, auth: "anonymous" },
  grafana: { sizing: profile.grafanaSizing },
  images: dev.images,
};

const names = ["grafana", "jaeger", "kiali", "loki", "prometheus"];

describe("Observability", () => {
  it("makes each backend, none of them in the mesh, and says how each page is reached", async () => {
    const { all, result } = await declare(() => new Observability("observability", args));
    const workloads = all("StatefulSet").map(({ inputs }) => inputs);
    assert.deepEqual(workloads.map(({ metadata }) => metadata.name).sort(), names);
    const [{ inputs: namespace }] = all("Namespace") as [Declared];
    assert.deepEqual(namespace.metadata.labels, { "istio-injection": "disabled" });
    assert.ok(workloads.every(({ metadata }) => metadata.namespace === namespace.metadata.name));
    assert.deepEqual(Object.keys(result.dashboards).sort(), ["grafana", "jaeger", "kiali", "prometheus"]);
    assert.match(result.dashboards.kiali!.portForward, /service\/kiali 20001:20001$/);
    assert.equal(result.dashboards.grafana!.inCluster, "http://grafana.observability:3000");
  });

  it("makes nothing of what config leaves out", async () => {
    const { all } = await declare(
      () =>
        new Observability("observability", {
          ...args,
          metrics: { kind: "none" },
          tracing: { kind: "none" },
          logs: { kind: "none" },
          kiali: undefined,
          grafana: undefined,
        }),
    );
    assert.deepEqual([...all("StatefulSet"), ...all("DaemonSet"), ...all("ConfigMap")], []);
  });

  it("keeps data on volumes where it is told to", async () => {
    const sizing = { ...profile.prometheus.sizing, replicas: 2, volume: "50Gi" };
    const { one, all } = await declare(
      () =>
        new Observability("o", { ...args, metrics: { kind: "prometheus", sizing, retention: "15d", remoteWrite: [] } }),
    );
    const { spec } = one("StatefulSet", "prometheus").inputs;
    assert.equal(spec.replicas, 2);
    assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "50Gi");
    assert.equal(all("PodDisruptionBudget").length, 1);
  });

  it("refuses two Jaegers or two Lokis that share nothing", async () => {
    const two = { replicas: 2, resources: {} };
    const jaeger = { kind: "jaeger", sizing: two, storage: { kind: "memory", maxTraces: 1 } } as const;
    const loki = { kind: "loki", sizing: two, retention: "2d", storage: { kind: "filesystem" } } as const;
    assert.match(await errorOf(() => new Observability("o", { ...args, tracing: jaeger })), /sizing\.replicas is 2/);
    assert.match(await errorOf(() => new Observability("o", { ...args, logs: loki })), /sizing\.replicas is 2/);
  });

  it("hands out Grafana's password as a secret", async () => {
    const { result } = await declare(() => new Observability("observability", args));
    assert.ok(result.grafanaPassword);
    assert.equal(await isSecret(result.grafanaPassword), true);
  });
});

describe("what the backends are told", () => {
  it("links lines to traces, and traces to lines and metrics", () => {
    const { datasources } = JSON.parse(
      dataSources({ prometheus: "http://p", loki: "http://l", jaeger: "http://j" }),
    ) as { datasources: { uid: string; jsonData: Record<string, any> }[] };
    const [prometheus, loki, jaeger] = datasources;
    assert.equal(loki!.jsonData.derivedFields[0].datasourceUid, jaeger!.uid);
    assert.equal(loki!.jsonData.derivedFields[0].url, "$${__value.raw}");
    assert.equal(jaeger!.jsonData.tracesToLogsV2.datasourceUid, loki!.uid);
    assert.equal(jaeger!.jsonData.tracesToMetrics.datasourceUid, prometheus!.uid);
  });

  it("tells Kiali of everything there is", () => {
    const services = JSON.parse(
      kialiConfig(
        {
          auth: "token",
          systemNamespace: "istio-system",
          prometheusUrl: "http://p",
          jaegerUrl: "http://j",
          grafanaUrl: "http://g",
        },
        { namespace: "observability", signingKey: "k".repeat(32), grafanaPassword: "x" },
      ),
    ) as Record<string, any>;
    assert.equal(services.external_services.tracing.enabled, true);
    assert.equal(services.external_services.grafana.internal_url, "http://g");
    assert.equal(services.login_token.signing_key.length, 32);
  });

  it("stores traces and logs where it is told to", () => {
    assert.match(jaegerConfig({ kind: "opensearch", url: "https://s:9200" }), /"opensearch": \{\s+"server_urls"/);
    const several = lokiConfig({
      storage: { kind: "s3", bucket: "b", region: "r" },
      retention: "30d",
      sizing: { replicas: 3, resources: {} },
    });
    assert.match(several, /"replication_factor": 3/);
    assert.match(several, /"retention_period": "720h"/);
    assert.match(several, /"bucketnames": "b"/);
  });

  it("sends spans and logs to what is there already", () => {
    assert.deepEqual(spanReceiver({ kind: "existing", host: "h", port: 1 }), { host: "h", port: 1 });
    assert.equal(spanReceiver({ kind: "none" }), undefined);
    assert.equal(logStore({ kind: "none" }), undefined);
  });
});

describe("MeshTelemetry", () => {
  it("switches on what MeshConfig only names", async () => {
    const { one } = await declare(
      () =>
        new MeshTelemetry("t", { systemNamespace: "istio-system", samplingPercent: 1, fileLogNamespaces: ["demo"] }),
    );
    const { spec } = one("Telemetry", "mesh-default").inputs;
    assert.equal(spec.tracing[0].randomSamplingPercentage, 1);
    const named = (telemetryMeshConfig({ host: "h", port: 1 }).extensionProviders as { name: string }[]).map(
      (p) => p.name,
    );
    for (const { providers } of [...spec.tracing, ...spec.accessLogging]) {
      assert.ok(named.includes(providers[0].name));
    }
    // Only pods that have the folder: elsewhere Envoy could not open the file.
    assert.ok(one("Telemetry", "access-log-file").inputs.spec.selector.matchLabels);
  });

  it("refuses a sampling of 200", async () => {
    const make = () =>
      new MeshTelemetry("t", { systemNamespace: "istio-system", samplingPercent: 200, fileLogNamespaces: [] });
    assert.match(await errorOf(make), /samplingPercent is 200: use a number from 0 to 100/);
  });

  it("leaves config the last word", () => {
    const merged = mergeMeshConfig(telemetryMeshConfig(), {
      extensionProviders: [{ name: "mine" }],
      enableTracing: true,
    });
    assert.equal((merged.extensionProviders as unknown[]).length, 3);
    assert.equal(merged.enableTracing, true);
  });
});

describe("the log scraper", () => {
  it("puts the shared folder into the sidecar, and keeps its own deliveries out of the mesh", async () => {
    const { result } = await declare(() => logScraper("s", "demo", args, {})!.extras({ serviceName: "user-service" }));
    const [mount] = JSON.parse(result.annotations!["sidecar.istio.io/userVolumeMount"] as string) as { name: string }[];
    assert.ok(result.volumes!.some((volume) => (volume as { name: string }).name === mount!.name));
    assert.equal(result.annotations!["traffic.sidecar.istio.io/excludeOutboundPorts"], "3100");
  });
});
