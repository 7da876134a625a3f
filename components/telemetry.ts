import * as pulumi from "@pulumi/pulumi";
import { accessLogFields, providers, scrapedLabel, sharedLog } from "./accessLog";
import { EnvoyFilter } from "./istioApi/envoyFilter";
import { Telemetry } from "./istioApi/telemetry";
import { statsAccessLogFilter } from "./observability/statsAccessLog";
import { ArgsCheck } from "./validation";

/** A tracer of Istio's mesh config, which decides the protocol of the spans and the headers that carry a trace. */
export interface Tracer {
  /** Its name in Istio's `extensionProviders`: `opentelemetry` is OTLP over gRPC. */
  kind: "opentelemetry" | "zipkin";
  /** Its settings besides `service` and `port`. Default: none. */
  settings?: Record<string, unknown>;
}

/** Where proxies send their spans. */
export interface SpanReceiver {
  /** Host that the mesh knows: a Service's full name, or the host of a ServiceEntry. */
  host: string;
  port: number;
  /** Default: `opentelemetry`. */
  tracer?: Tracer;
}

/** Args of {@link MeshTelemetry}. */
export interface MeshTelemetryArgs {
  /** Istio's root namespace; what is declared there is for the whole mesh. */
  systemNamespace: pulumi.Input<string>;
  /** Percent of requests that are traced, 0 to 100; nothing is traced when left out. */
  samplingPercent?: number;
  /** Namespaces whose pods may write their access log to the shared file; those with the label do. */
  fileLogNamespaces: pulumi.Input<string>[];
  /** Count requests with an access logger, for proxies without Istio's metrics filter. Default false. */
  statsAccessLog?: boolean;
}

/** @returns the part of Istio's MeshConfig that names what {@link MeshTelemetry} switches on. */
export function telemetryMeshConfig(spans?: SpanReceiver): Record<string, unknown> {
  const tracerOf = ({ host, port, tracer = { kind: "opentelemetry" } }: SpanReceiver) => ({
    name: providers.tracing,
    [tracer.kind]: { service: host, port, ...tracer.settings },
  });
  const log = (name: string, path: string) => ({
    name,
    envoyFileAccessLog: { path, logFormat: { labels: accessLogFields } },
  });
  return {
    enableTracing: spans !== undefined,
    extensionProviders: [
      ...(spans ? [tracerOf(spans)] : []),
      log(providers.stdoutLog, "/dev/stdout"),
      log(providers.fileLog, sharedLog.file),
    ],
  };
}

/** @returns `ours` with what config says over it; lists of providers are joined, those of config first. */
export function mergeMeshConfig(
  ours: Record<string, unknown>,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const listOf = (mesh: Record<string, unknown>) =>
    Array.isArray(mesh.extensionProviders) ? (mesh.extensionProviders as unknown[]) : [];
  return { ...ours, ...config, extensionProviders: [...listOf(config), ...listOf(ours)] };
}

/**
 * Switches on, for the whole mesh, tracing and the access log in JSON. MeshConfig alone only names the providers:
 * without a Telemetry nothing is sent. Let it depend on the control plane.
 */
export class MeshTelemetry extends pulumi.ComponentResource {
  constructor(name: string, args: MeshTelemetryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:MeshTelemetry", name, {}, opts);
    const { samplingPercent } = args;
    new ArgsCheck("MeshTelemetry")
      .require(
        samplingPercent === undefined || (samplingPercent >= 0 && samplingPercent <= 100),
        "samplingPercent",
        samplingPercent,
        "use a number from 0 to 100",
      )
      .done(this);

    new Telemetry(
      `${name}-mesh`,
      {
        metadata: { name: "mesh-default", namespace: args.systemNamespace },
        spec: {
          tracing:
            samplingPercent === undefined
              ? [{ disableSpanReporting: true }]
              : [{ providers: [{ name: providers.tracing }], randomSamplingPercentage: samplingPercent }],
          accessLogging: [{ providers: [{ name: providers.stdoutLog }] }],
        },
      },
      { parent: this },
    );
    args.fileLogNamespaces.forEach((namespace, i) => {
      new Telemetry(
        `${name}-file-log${i === 0 ? "" : `-${i}`}`,
        {
          metadata: { name: "access-log-file", namespace },
          spec: {
            selector: { matchLabels: scrapedLabel },
            accessLogging: [{ providers: [{ name: providers.fileLog }] }],
          },
        },
        { parent: this },
      );
    });
    if (args.statsAccessLog) {
      new EnvoyFilter(
        `${name}-stats`,
        { metadata: { name: "stats-access-log", namespace: args.systemNamespace }, spec: statsAccessLogFilter() },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
