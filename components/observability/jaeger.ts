import * as pulumi from "@pulumi/pulumi";
import { ArgsCheck } from "../validation";
import { declareBackend } from "./backend";
import type { PodSizing } from "./backend";
import { dashboardServices } from "./endpoints";

/** What Jaeger keeps traces in: its own memory, where they end with the pod, or a store that is there. */
export const JaegerStorageKind = {
  Memory: "memory",
  Elasticsearch: "elasticsearch",
  Opensearch: "opensearch",
} as const;

/** One of {@link JaegerStorageKind}. */
export type JaegerStorageKind = (typeof JaegerStorageKind)[keyof typeof JaegerStorageKind];

/** Where Jaeger keeps traces. */
export interface JaegerStorage {
  /** What it is. */
  kind: JaegerStorageKind;
  /** Most traces in its memory; the oldest go. Default 20000. */
  maxTraces?: number;
  /** URL of a store that is there. */
  url?: string;
}

/** Args of {@link Jaeger}. */
export interface JaegerArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  /** Image of Jaeger 2. */
  image: string;
  /** Pods, requests and limits. More than one pod needs a storage outside of them. */
  sizing: PodSizing;
  storage: JaegerStorage;
  /** Path under which its page is served, for example `/jaeger`. Default: none. */
  path?: string;
}

/** Ports of Jaeger. */
export const jaegerPorts = { query: 16686, otlpGrpc: 4317, otlpHttp: 4318, metrics: 8888, health: 13133 } as const;

/** Name of the Service that proxies send their spans to. The page has another one: {@link dashboardServices}. */
export const jaegerService = "jaeger-collector";

const user = 10001;

/** @returns Jaeger's configuration, which is one of the OpenTelemetry Collector; JSON is YAML too. */
export function jaegerConfig(storage: JaegerStorage, path?: string): string {
  const everywhere = (port: number) => ({ endpoint: `0.0.0.0:${port}` });
  const backend =
    storage.kind === "memory"
      ? { memory: { max_traces: storage.maxTraces ?? 20_000 } }
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
            readers: [{ pull: { exporter: { prometheus: { host: "0.0.0.0", port: jaegerPorts.metrics } } } }],
          },
        },
      },
      extensions: {
        healthcheckv2: { use_v2: true, http: everywhere(jaegerPorts.health) },
        jaeger_query: {
          storage: { traces: "traces" },
          ...(path && { base_path: path }),
          http: everywhere(jaegerPorts.query),
        },
        jaeger_storage: { backends: { traces: backend } },
      },
      receivers: {
        otlp: { protocols: { grpc: everywhere(jaegerPorts.otlpGrpc), http: everywhere(jaegerPorts.otlpHttp) } },
      },
      processors: { batch: { timeout: "1s" } },
      exporters: { jaeger_storage_exporter: { trace_storage: "traces" } },
    },
    undefined,
    2,
  );
}

/** Jaeger 2: takes spans over OTLP, keeps them, and shows them. */
export class Jaeger extends pulumi.ComponentResource {
  /** URL of page and API inside the cluster, known once it answers. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: JaegerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Jaeger", name, {}, opts);
    new ArgsCheck("Jaeger")
      .require(
        args.storage.kind !== "memory" || args.sizing.replicas === 1,
        "sizing.replicas",
        args.sizing.replicas,
        "pods that keep traces in memory each have some of them: use 1, or elasticsearch or opensearch",
      )
      .done(this);

    const path = args.path ?? "";
    const { page, workload } = declareBackend(
      name,
      {
        namespace: args.namespace,
        app: "jaeger",
        service: jaegerService,
        image: args.image,
        args: ["--config=/etc/jaeger/config.json"],
        user,
        page: { service: dashboardServices.jaeger.service, port: { name: "http-query", port: jaegerPorts.query } },
        ports: [
          { name: "grpc-otlp", port: jaegerPorts.otlpGrpc },
          { name: "http-otlp", port: jaegerPorts.otlpHttp },
          { name: "http-metrics", port: jaegerPorts.metrics },
        ],
        ready: { path: "/status", port: jaegerPorts.health },
        config: { "config.json": jaegerConfig(args.storage, args.path) },
        configFolder: "/etc/jaeger",
        sizing: args.sizing,
      },
      this,
    );

    this.url = pulumi
      .all([args.namespace, page!.metadata.name, workload.id])
      .apply(([namespace, serviceName]) => `http://${serviceName}.${namespace}:${jaegerPorts.query}${path}`);
    this.registerOutputs({ url: this.url });
  }
}
