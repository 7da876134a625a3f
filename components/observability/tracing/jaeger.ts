import { defaultMaxTraces } from "./tracingBackend";
import type { TraceStorage, TracingBackend } from "./tracingBackend";

const ports = { query: 16686, otlpGrpc: 4317, otlpHttp: 4318, metrics: 8888, health: 13133 } as const;

/** @returns Jaeger's configuration, which is one of the OpenTelemetry Collector; JSON is YAML too. */
export function jaegerConfig(storage: TraceStorage, path?: string): string {
  const everywhere = (port: number) => ({ endpoint: `0.0.0.0:${port}` });
  const backend =
    storage.kind === "memory"
      ? { memory: { max_traces: storage.maxTraces ?? defaultMaxTraces } }
      : { [storage.kind]: { server_urls: [storage.url] } };
  return JSON.stringify(
    {
      service: {
        extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
        pipelines: { traces: { receivers: ["otlp"], processors: ["batch"], exporters: ["jaeger_storage_exporter"] } },
        telemetry: {
          resource: { "service.name": "jaeger" },
          metrics: {
            level: "normal",
            readers: [{ pull: { exporter: { prometheus: { host: "0.0.0.0", port: ports.metrics } } } }],
          },
        },
      },
      extensions: {
        healthcheckv2: { use_v2: true, http: everywhere(ports.health) },
        jaeger_query: {
          storage: { traces: "traces" },
          ...(path && { base_path: path }),
          http: everywhere(ports.query),
        },
        jaeger_storage: { backends: { traces: backend } },
      },
      receivers: {
        otlp: { protocols: { grpc: everywhere(ports.otlpGrpc), http: everywhere(ports.otlpHttp) } },
      },
      processors: { batch: { timeout: "1s" } },
      exporters: { jaeger_storage_exporter: { trace_storage: "traces" } },
    },
    undefined,
    2,
  );
}

/** A trace as Jaeger's API has it. */
interface JaegerTrace {
  spans: {
    spanID: string;
    processID: string;
    operationName: string;
    references?: { refType: string; spanID: string }[];
    startTime: number;
    duration: number;
  }[];
  processes: Record<string, { serviceName: string }>;
}

/** Jaeger 2: takes spans over OTLP, keeps them, and shows them. */
export const jaeger: TracingBackend = {
  title: "Jaeger",
  image: "jaegertracing/jaeger:2.17.0",
  user: 10001,
  spans: {
    service: "jaeger-collector",
    ports: [
      { name: "grpc-otlp", port: ports.otlpGrpc },
      { name: "http-otlp", port: ports.otlpHttp },
      { name: "http-metrics", port: ports.metrics },
    ],
    port: ports.otlpGrpc,
  },
  page: { service: "jaeger-query", port: { name: "http-query", port: ports.query } },
  ready: { path: "/status", port: ports.health },
  metrics: { port: ports.metrics },
  server: (storage, path) => ({
    args: ["--config=/etc/jaeger/config.json"],
    config: { "config.json": jaegerConfig(storage, path) },
    configFolder: "/etc/jaeger",
  }),
  kiali: (url) => ({ provider: "jaeger", internal_url: url, use_grpc: false }),
  apiPath: (traceId) => `/api/traces/${traceId}`,
  spansOf(body) {
    const [trace] = (JSON.parse(body) as { data: [JaegerTrace?] }).data;
    return (trace?.spans ?? []).map(({ spanID, processID, operationName, references = [], startTime, duration }) => ({
      id: spanID,
      parentId: references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
      service: trace?.processes[processID]?.serviceName ?? "unknown",
      operation: operationName,
      start: startTime,
      duration,
    }));
  },
  pagePath: (traceId, path) => `${path}/trace/${traceId}`,
};
