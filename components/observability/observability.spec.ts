import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { isSecret } from "@pulumi/pulumi";
import { dev } from "../../stacks/dev";
import type { Declared } from "../../test/support/declare";
import { declare, errorOf } from "../../test/support/declare";
import { mergeMeshConfig, MeshTelemetry, telemetryMeshConfig } from "../telemetry";
import { dataSources, grafanaIni } from "./grafana";
import { kialiConfig } from "./kiali";
import { lokiConfig } from "./loki";
import type { LokiStorage } from "./loki";
import { logScraper, Observability } from "./observability";
import type { AlertsChoice, MetricsChoice, ObservabilityArgs } from "./observabilityArgs";
import { logStore, spanReceiver } from "./observabilityArgs";
import { jaeger, jaegerConfig } from "./tracing/jaeger";

const profile = dev.observability;
const args: ObservabilityArgs = {
  metrics: { kind: "prometheus", sizing: profile.prometheus.sizing, retention: "2d", remoteWrite: [] },
  tracing: { kind: "jaeger", sizing: profile.tracing.sizing, storage: { kind: "memory", maxTraces: 100 } },
  logs: { kind: "loki", sizing: profile.loki.sizing, retention: "2d", storage: { kind: "filesystem" } },
  alertmanager: {},
  scrapeSeconds: 5,
  logScraper: profile.logScraper,
  podLogsFolder: "/var/log/pods",
  systemNamespace: "istio-system",
  meshNamespaces: ["demo", "istio-ingress"],
  gatewayNamespace: "istio-ingress",
  kiali: { sizing: profile.kialiSizing, auth: "anonymous" },
  grafana: { sizing: profile.grafanaSizing, anonymousViewers: true },
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

  it("keeps data on volumes where the sizing names one", async () => {
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

  it("claims the volume of a single pod by itself, so that it can grow, and keeps it when the stack goes", async () => {
    const sizing = { ...profile.loki.sizing, replicas: 1, volume: "20Gi" };
    const loki = { kind: "loki", sizing, retention: "2d", storage: { kind: "filesystem" } } as const;
    const kept: string[] = [];
    const note: pulumi.ResourceTransformation = ({ name, opts }) => {
      kept.push(...("retainOnDelete" in opts && opts.retainOnDelete ? [name] : []));
      return undefined;
    };
    const { one } = await declare(() => new Observability("o", { ...args, logs: loki }, { transformations: [note] }));
    const claim = one("PersistentVolumeClaim", "data-loki-0").inputs.spec;
    assert.equal(claim.resources.requests.storage, "20Gi");
    assert.deepEqual(kept, ["o-loki-data"]);
    const { spec } = one("StatefulSet", "loki").inputs;
    assert.equal(spec.volumeClaimTemplates, undefined);
    assert.deepEqual(
      spec.template.spec.volumes.find((volume: { name: string }) => volume.name === "data"),
      { name: "data", persistentVolumeClaim: { claimName: "data-loki-0" } },
    );
  });

  it("refuses two Jaegers or two Lokis that share nothing", async () => {
    const two = { replicas: 2, resources: {} };
    const tracing = { kind: "jaeger", sizing: two, storage: { kind: "memory", maxTraces: 1 } } as const;
    const loki = { kind: "loki", sizing: two, retention: "2d", storage: { kind: "filesystem" } } as const;
    assert.match(await errorOf(() => new Observability("o", { ...args, tracing })), /sizing\.replicas is 2/);
    assert.match(await errorOf(() => new Observability("o", { ...args, logs: loki })), /sizing\.replicas is 2/);
  });

  it("runs a backend as one pod whose args name its kind alone", async () => {
    const { one } = await declare(
      () =>
        new Observability("o", {
          metrics: { kind: "prometheus" },
          tracing: { kind: "jaeger" },
          logs: { kind: "loki" },
        }),
    );
    const byDefault = await declare(() => new Observability("o"));
    for (const backend of ["prometheus", "jaeger", "loki"]) {
      const { spec } = one("StatefulSet", backend).inputs;
      assert.equal(spec.replicas, 1);
      assert.deepEqual(spec, byDefault.one("StatefulSet", backend).inputs.spec);
    }
  });

  it("makes no namespace that every cluster has", async () => {
    const message = await errorOf(() => new Observability("observability", { namespace: "default" }));
    assert.match(message, /namespace is "default": every cluster has this namespace/);
  });

  it("refuses, all at once, kinds that it does not know, and kinds without what they need", async () => {
    const unknown = { metrics: { kind: "thanos" }, tracing: { kind: "existing" }, logs: { kind: "existing" } };
    const message = await errorOf(() => new Observability("o", unknown as ObservabilityArgs));
    for (const part of [
      'metrics.kind is "thanos": use one of prometheus, existing, none',
      "tracing.host is missing: kind existing needs it",
      "logs.backend is missing: kind existing needs it",
    ]) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
    const incomplete: ObservabilityArgs = {
      metrics: { kind: "prometheus", alerts: { kind: "alertmanager" } },
      tracing: { kind: "jaeger", storage: { kind: "opensearch" } },
      logs: { kind: "loki", storage: { kind: "s3" } },
    };
    const missing = await errorOf(() => new Observability("o", incomplete));
    for (const part of ["metrics.alerts.webhookUrl", "tracing.storage.url", "logs.storage.bucket"]) {
      assert.ok(missing.includes(`${part} is missing`), `${part} in ${missing}`);
    }
  });

  it("makes a long password for Grafana's admin, hands it out as a secret, and gives it to Grafana alone", async () => {
    const { result, all } = await declare(() => new Observability("observability", args));
    assert.ok(result.grafanaPassword);
    assert.equal(await isSecret(result.grafanaPassword), true);
    const passwords = all("RandomPassword").map(({ inputs }) => inputs as { length: number });
    assert.ok(passwords.length > 0 && passwords.every(({ length }) => length >= 20));
    const kiali = all("Secret").find(({ inputs }) => inputs.metadata.name === "kiali")!;
    const { external_services } = JSON.parse(kiali.inputs.stringData["config.yaml"]);
    assert.deepEqual(external_services.grafana.auth, { type: "none" });
  });

  it("leaves Grafana out of Kiali where Grafana asks for a login", async () => {
    const grafana = { sizing: profile.grafanaSizing };
    const { all, one } = await declare(() => new Observability("observability", { ...args, grafana }));
    const kiali = all("Secret").find(({ inputs }) => inputs.metadata.name === "kiali")!;
    const { external_services } = JSON.parse(kiali.inputs.stringData["config.yaml"]);
    assert.deepEqual(external_services.grafana, { enabled: false });
    assert.ok(!one("ConfigMap", "grafana").inputs.data["grafana.ini"].includes("auth.anonymous"));
  });

  it("reads the logs of containers without being root, and with no right beyond that", async () => {
    const { one } = await declare(() => new Observability("observability", args));
    const { securityContext, containers } = one("DaemonSet").inputs.spec.template.spec;
    assert.deepEqual(securityContext, {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 0,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(containers[0].securityContext.capabilities, { drop: ["ALL"] });
    assert.ok(containers[0].volumeMounts.find(({ name }: { name: string }) => name === "pod-logs").readOnly);
  });
});

describe("alerts", () => {
  const declaredWith = (alerts?: AlertsChoice) =>
    declare(
      () => new Observability("observability", { ...args, metrics: { ...args.metrics, alerts } as MetricsChoice }),
    );
  const configOf = async (alerts?: AlertsChoice) => {
    const { one } = await declaredWith(alerts);
    return JSON.parse(one("ConfigMap", "prometheus").inputs.data["prometheus.yml"] as string) as {
      alerting?: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
      scrape_configs: { job_name: string }[];
    };
  };
  const targetsOf = ({ alerting }: Awaited<ReturnType<typeof configOf>>) =>
    alerting?.alertmanagers.map(({ static_configs: [one] }) => one!.targets[0]);

  it("go to an Alertmanager that tells a webhook, whose URL is in a Secret alone", async () => {
    const alerts = { kind: "alertmanager", webhookUrl: "https://chat.example.com/hook" } as const;
    const { one, resources } = await declaredWith(alerts);
    const files = one("Secret", "alertmanager").inputs.stringData as Record<string, string>;
    assert.match(files["alertmanager.yml"]!, /"url":"https:\/\/chat\.example\.com\/hook","send_resolved":true/);
    const open = resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Secret"));
    assert.doesNotMatch(JSON.stringify(open.map(({ inputs }) => inputs as object)), /chat\.example/);
    const config = await configOf(alerts);
    assert.deepEqual(targetsOf(config), ["alertmanager.observability:9093"]);
    assert.ok(config.scrape_configs.some(({ job_name }) => job_name === "alertmanager"));
  });

  it("go to an Alertmanager that is there, or nowhere", async () => {
    const there = { kind: "existing", url: "http://alertmanager.monitoring.svc:9093" } as const;
    assert.deepEqual(targetsOf(await configOf(there)), ["alertmanager.monitoring.svc:9093"]);
    assert.equal(targetsOf(await configOf()), undefined);
    const { resources } = await declaredWith(there);
    assert.ok(!JSON.stringify(resources).includes("prom/alertmanager"));
  });
});

describe("who reaches the backends", () => {
  const policies = async (more: Partial<ObservabilityArgs>) => {
    const { all } = await declare(() => new Observability("observability", { ...args, ...more }));
    const entries = all("NetworkPolicy").map(({ inputs: { metadata, spec } }) => {
      assert.equal(metadata.namespace, "observability");
      assert.deepEqual(spec.policyTypes, ["Ingress"]);
      return [metadata.name, spec] as const;
    });
    return new Map<string, any>(entries);
  };
  const named = (namespace: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  });

  it("is limited to the mesh, to where spans and logs are taken, and to each other", async () => {
    const found = await policies({ networkPolicy: true });
    assert.deepEqual([...found.keys()].sort(), ["kiali", "logs", "own-pods", "spans"]);
    const mesh = [named("demo"), named("istio-ingress")];
    assert.deepEqual(found.get("spans").ingress, [{ from: mesh, ports: [{ port: 4317, protocol: "TCP" }] }]);
    assert.deepEqual(found.get("logs").ingress, [{ from: mesh, ports: [{ port: 3100, protocol: "TCP" }] }]);
    // None but its own, for istiod and the gateways may be in the same namespace.
    const [{ from }] = found.get("own-pods").ingress;
    const backends = ["prometheus", "alertmanager", "jaeger", "loki", "grafana"];
    assert.deepEqual(from, [
      {
        podSelector: {
          matchExpressions: [{ key: "app", operator: "In", values: [...backends, "kiali", "log-agent"] }],
        },
      },
    ]);
    assert.deepEqual(found.get("own-pods").podSelector.matchExpressions, [
      { key: "app", operator: "In", values: [...backends, "log-agent"] },
    ]);
  });

  it("allows only a port-forward to a Kiali without login", async () => {
    const found = await policies({});
    assert.deepEqual([...found.keys()], ["kiali"]);
    assert.deepEqual(found.get("kiali").podSelector, { matchLabels: { app: "kiali" } });
    assert.deepEqual(found.get("kiali").ingress, []);
    const token = await policies({ kiali: { sizing: profile.kialiSizing, auth: "token" } });
    assert.deepEqual([...token.keys()], []);
  });

  it("is the gateway as well, for the pages that it serves", async () => {
    const found = await policies({ networkPolicy: true, dashboardsExposed: true });
    const fromGateway = (port: number) => ({
      from: [named("istio-ingress")],
      ports: [{ port, protocol: "TCP" }],
    });
    assert.deepEqual(found.get("kiali").ingress, [fromGateway(20001)]);
    assert.deepEqual(found.get("prometheus").ingress, [fromGateway(9090)]);
    assert.deepEqual(found.get("grafana").ingress, [fromGateway(3000)]);
    assert.deepEqual(found.get("spans").ingress.at(-1), fromGateway(16686));
  });
});

describe("the configuration of the backends", () => {
  it("links lines to traces, and traces to lines and metrics", () => {
    const { datasources } = JSON.parse(
      dataSources({ prometheus: "http://p", loki: "http://l", tracing: { name: "jaeger", url: "http://j" } }),
    ) as { datasources: { uid: string; jsonData: Record<string, any> }[] };
    const [prometheus, loki, traces] = datasources;
    assert.equal(loki!.jsonData.derivedFields[0].datasourceUid, traces!.uid);
    assert.equal(loki!.jsonData.derivedFields[0].url, "$${__value.raw}");
    assert.equal(traces!.jsonData.tracesToLogsV2.datasourceUid, loki!.uid);
    assert.equal(traces!.jsonData.tracesToMetrics.datasourceUid, prometheus!.uid);
  });

  it("configures Kiali with every backend", () => {
    const services = JSON.parse(
      kialiConfig(
        {
          auth: "token",
          systemNamespace: "istio-system",
          prometheusUrl: "http://p",
          tracing: jaeger.kiali!("http://j"),
          grafanaUrl: "http://g",
        },
        { namespace: "observability", signingKey: "k".repeat(32) },
      ),
    ) as Record<string, any>;
    assert.equal(services.external_services.tracing.enabled, true);
    assert.equal(services.external_services.grafana.internal_url, "http://g");
    assert.equal(services.login_token.signing_key.length, 32);
    assert.equal(services.deployment.view_only_mode, true);
    assert.equal(services.auth.strategy, "token");
  });

  it("turns off sign-up at Grafana, and shows nothing without a login unless that is wanted", () => {
    assert.match(grafanaIni({}), /^\[users\]\nallow_sign_up = false$/m);
    assert.doesNotMatch(grafanaIni({}), /auth\.anonymous/);
    assert.match(grafanaIni({ anonymousViewers: true }), /^\[auth\.anonymous\]\nenabled = true\norg_role = Viewer$/m);
  });

  it("removes logs after their time", () => {
    const sizing = { replicas: 1, resources: {} };
    const config = (retention: string) =>
      JSON.parse(lokiConfig({ storage: { kind: "filesystem" }, retention, sizing }));
    assert.equal(config("2d").limits_config.retention_period, "48h");
    assert.equal(config("90m").limits_config.retention_period, "2h");
    const { compactor } = config("2d");
    assert.equal(compactor.retention_enabled, true);
    assert.equal(compactor.delete_request_store, "filesystem");
  });

  it("removes metrics after their time", async () => {
    const { one } = await declare(() => new Observability("observability", args));
    const [{ args: flags }] = one("StatefulSet", "prometheus").inputs.spec.template.spec.containers;
    assert.ok((flags as string[]).includes("--storage.tsdb.retention.time=2d"), String(flags));
  });

  it("gives Loki the credentials of its object store, and of nothing else", async () => {
    const envFrom = async (storage: LokiStorage) => {
      const logs = { ...args.logs, storage } as ObservabilityArgs["logs"];
      const { one } = await declare(() => new Observability("observability", { ...args, logs }));
      return one("StatefulSet", "loki").inputs.spec.template.spec.containers[0].envFrom as unknown;
    };
    assert.deepEqual(await envFrom({ kind: "s3", bucket: "b", region: "r" }), [
      { secretRef: { name: "loki-s3", optional: true } },
    ]);
    assert.equal(await envFrom({ kind: "filesystem" }), undefined);
  });

  it("stores traces and logs in the given place", () => {
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
