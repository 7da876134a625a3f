import assert from "node:assert/strict";
import { declare, errorOf } from "../../../test/support/declare";
import { telemetryMeshConfig } from "../../telemetry";
import { Observability } from "../observability";
import type { BackendImages, ObservabilityArgs } from "../observabilityArgs";
import { spanReceiver } from "../observabilityArgs";
import { installedTracing, tracingBackendNames, tracingImages } from ".";
import { jaeger } from "./jaeger";
import { zipkin, zipkinEnv } from "./zipkin";

const onePod = { replicas: 1, resources: {} };
const memory = { kind: "memory", maxTraces: 100 } as const;
const allArgs: ObservabilityArgs = {
  networkPolicy: true,
  meshNamespaces: ["demo"],
  kiali: { sizing: onePod, auth: "token" },
  grafana: { sizing: onePod },
};

for (const kind of tracingBackendNames) {
  const backend = installedTracing(kind)!;

  describe(`the tracing backend ${kind}`, () => {
    const declared = (more: ObservabilityArgs = {}) =>
      declare(
        () => new Observability("o", { ...allArgs, tracing: { kind, sizing: onePod, storage: memory }, ...more }),
      );

    it("is one pod of its image, whose Services have the ports for spans and the page", async () => {
      const { one, all, resources } = await declared();
      const [container] = one("StatefulSet", kind).inputs.spec.template.spec.containers;
      assert.equal(container.image, backend.image);
      // Does not compile unless the args have a name for its image.
      const ofArgs: keyof BackendImages = kind;
      assert.ok(ofArgs in tracingImages);
      const ports = (name: string) => (one("Service", name).inputs.spec.ports as { port: number }[]).map((p) => p.port);
      assert.ok(ports(backend.spans.service).includes(backend.spans.port));
      assert.ok(ports(backend.spans.service).includes(backend.metrics.port));
      assert.ok(ports(backend.page.service).includes(backend.page.port.port));
      assert.equal(
        all("StatefulSet").filter(({ inputs }) => tracingBackendNames.includes(inputs.metadata.name)).length,
        1,
      );
      assert.ok(resources.some(({ type }) => type === `sidecar-mesh:index:${backend.title}`));
    });

    it("gets the proxies' spans, and no NetworkPolicy stops them", async () => {
      const tracing = { kind, sizing: onePod, storage: memory } as const;
      const receiver = spanReceiver(tracing, "watch")!;
      assert.equal(receiver.host, `${backend.spans.service}.watch.svc.cluster.local`);
      const [provider] = telemetryMeshConfig(receiver).extensionProviders as Record<string, any>[];
      const { service, port } = provider![backend.tracer?.kind ?? "opentelemetry"];
      assert.deepEqual([service, port], [receiver.host, backend.spans.port]);
      const { one } = await declared();
      const { spec } = one("NetworkPolicy", "spans").inputs;
      assert.deepEqual(spec.podSelector, { matchLabels: { app: kind } });
      assert.equal(spec.ingress[0].ports[0].port, backend.spans.port);
    });

    it("is known to Prometheus, Grafana and the list of pages, and to Kiali if that can read it", async () => {
      const { one, all, result } = await declared();
      const configOf = (of: string, file: string, type = "ConfigMap") => {
        const { inputs } = all(type).find(({ inputs: { metadata } }) => metadata.name === of)!;
        return JSON.parse((inputs.data ?? inputs.stringData)[file] as string) as Record<string, any>;
      };
      const { scrape_configs } = configOf("prometheus", "prometheus.yml");
      const job = (scrape_configs as Record<string, any>[]).find(({ job_name }) => job_name === kind)!;
      assert.equal(job.metrics_path, backend.metrics.path ?? "/metrics");
      assert.deepEqual(job.static_configs[0].targets, [
        `${backend.spans.service}.observability:${backend.metrics.port}`,
      ]);
      const { datasources } = configOf("grafana", "datasources.yaml");
      const [source] = (datasources as Record<string, any>[]).filter(({ type }) => type === kind);
      assert.deepEqual([source!.name, source!.uid], [backend.title, `mesh-${kind}`]);
      assert.equal(source!.url, result.dashboards[kind]!.inCluster);
      assert.match(result.dashboards[kind]!.portForward, new RegExp(`service/${backend.page.service} `));
      const { external_services } = configOf("kiali", "config.yaml", "Secret");
      assert.equal(external_services.tracing.enabled, backend.kiali !== undefined);
      assert.ok(one("StatefulSet", kind));
    });

    it("is not two pods that share nothing", async () => {
      const sizing = { ...onePod, replicas: 2 };
      assert.match(
        await errorOf(() => new Observability("o", { tracing: { kind, sizing, storage: memory } })),
        new RegExp(`${backend.title}: sizing\\.replicas is 2`),
      );
    });
  });
}

describe("traces as the backends give them", () => {
  const span = { id: "b", service: "user.demo", operation: "GET /user", start: 1000, duration: 20 };

  it("are read from Jaeger", () => {
    const fields = { operationName: "GET /user", startTime: 1000, duration: 20 };
    const body = JSON.stringify({
      data: [
        {
          spans: [
            { spanID: "b", processID: "p", ...fields, references: [{ refType: "CHILD_OF", spanID: "a" }] },
            { spanID: "c", processID: "q", ...fields },
          ],
          processes: { p: { serviceName: "user.demo" } },
        },
      ],
    });
    assert.deepEqual(jaeger.spansOf(body), [
      { ...span, parentId: "a" },
      { ...span, id: "c", parentId: undefined, service: "unknown" },
    ]);
    assert.deepEqual(jaeger.spansOf('{"data":[]}'), []);
  });

  it("are read from Zipkin", () => {
    const body = [
      {
        id: "b",
        parentId: "a",
        name: "GET /user",
        timestamp: 1000,
        duration: 20,
        localEndpoint: { serviceName: "user.demo" },
      },
      { id: "c" },
    ];
    assert.deepEqual(zipkin.spansOf(JSON.stringify(body)), [
      { ...span, parentId: "a" },
      { id: "c", parentId: undefined, service: "unknown", operation: "", start: 0, duration: 0 },
    ]);
  });

  it("have a page, wherever that is served", () => {
    assert.equal(jaeger.pagePath("1", ""), "/trace/1");
    assert.equal(jaeger.pagePath("1", "/jaeger"), "/jaeger/trace/1");
    assert.equal(zipkin.pagePath("1", ""), "/zipkin/traces/1");
    assert.equal(zipkin.pagePath("1", "/zipkin"), "/zipkin/traces/1");
  });
});

describe("Zipkin", () => {
  it("keeps so many spans, or has a store outside of it", () => {
    assert.equal(zipkinEnv(memory).MEM_MAX_SPANS, "200");
    const { STORAGE_TYPE, ES_HOSTS, MEM_MAX_SPANS } = zipkinEnv({ kind: "opensearch", url: "https://s:9200" });
    assert.deepEqual([STORAGE_TYPE, ES_HOSTS, MEM_MAX_SPANS], ["elasticsearch", "https://s:9200", undefined]);
  });

  it("has no configuration file, and so no ConfigMap", async () => {
    const { all, one } = await declare(
      () => new Observability("o", { tracing: { kind: "zipkin", sizing: onePod, storage: memory } }),
    );
    assert.equal(
      all("ConfigMap").some(({ inputs }) => inputs.metadata.name === "zipkin"),
      false,
    );
    const { volumes, containers } = one("StatefulSet", "zipkin").inputs.spec.template.spec;
    assert.deepEqual(volumes, [{ name: "tmp", emptyDir: {} }]);
    assert.deepEqual(containers[0].volumeMounts, [{ name: "tmp", mountPath: "/tmp" }]);
  });
});
