import { sharedLog } from "./accessLog";
import { applicationLogReceiver } from "./applicationLog";

/** Protocols of log stores: OTLP over HTTP, which Loki takes at `/otlp`, and that of Elasticsearch and OpenSearch. */
export const LogProtocol = { Otlp: "otlp", Elasticsearch: "elasticsearch" } as const;

/** One of {@link LogProtocol}. */
export type LogProtocol = (typeof LogProtocol)[keyof typeof LogProtocol];

/** A log store that the OpenTelemetry Collector sends to. */
export interface CollectorBackend {
  /** What it understands. */
  kind: LogProtocol;
  /** Its URL. */
  url: string;
}

/** Where the Collector keeps what is not sent yet, and how far it has read. */
export const queueFolder = "/var/lib/otelcol";

/** Port of the Collector's own metrics. */
export const collectorMetricsPort = 8889;
/** Port on which it says that it works. */
export const collectorHealthPort = 13134;

/**
 * Bytes that may wait for the log store on disk. When it is full nothing is thrown away: reading stops, and goes on
 * from the same place once the store takes logs again. An access log line has half a kilobyte.
 */
export const queueBytes = 64 * 1024 * 1024;

/**
 * One request at a time. Loki's ingester counts the lines of a stream, and writes them to its log in whatever order
 * requests of the stream come to that; after a restart it takes a request with a lower count than the one before for a
 * duplicate, and drops it (Loki 3.7, `stream.Push` in pkg/ingester/stream.go). Streams are of one pod, so that one
 * sender keeps their order. Batches make up for the speed.
 */
const inOrder = {
  num_consumers: 1,
  batch: { sizer: "bytes", min_size: 256 * 1024, max_size: 1024 * 1024, flush_timeout: "200ms" },
} as const;

/** Where an access log line's fields go, once it is recognised as JSON. */
function accessLogOperators(condition: string) {
  const parsed = "attributes.access";
  return [
    {
      type: "json_parser",
      if: condition,
      parse_to: parsed,
      // Milliseconds, as Envoy's START_TIME has them.
      timestamp: { parse_from: `${parsed}.start_time`, layout_type: "gotime", layout: "2006-01-02T15:04:05.000Z" },
      trace: { trace_id: { parse_from: `${parsed}.trace_id` }, span_id: { parse_from: `${parsed}.span_id` } },
      // A line that is not what it looks like is kept as text.
      on_error: "send_quiet",
    },
    { type: "remove", if: "attributes.access != nil", field: parsed, on_error: "send_quiet" },
  ];
}

/**
 * @returns the configuration of the scraper in a pod: it reads the shared access log and sends it, losing nothing.
 * @param application Read the application's own files as well; see applicationLog.ts. Default false.
 */
export function scraperConfig(backend: CollectorBackend, application = false): string {
  return collector(backend, {
    receiver: {
      include: [sharedLog.file, `${sharedLog.file}.*`],
      operators: accessLogOperators('body startsWith "{"'),
    },
    memoryMiB: 128,
    processors: { resource: ofPod("istio-proxy", "access-log-file") },
    ...(application && {
      application: {
        receiver: applicationLogReceiver(),
        processors: { "resource/application": ofPod(`\${env:${envName("service.name")}}`, "application-file") },
      },
    }),
  });
}

/** @returns the processor that adds the workload to each line. */
function ofPod(container: string, source: string) {
  return {
    attributes: [
      ...["service.name", "service.version", "k8s.namespace.name", "k8s.pod.name"].map((key) => ({
        key,
        action: "upsert",
        value: `\${env:${envName(key)}}`,
      })),
      { key: "k8s.container.name", action: "upsert", value: container },
      { key: "log.source", action: "upsert", value: source },
    ],
  };
}

/** @returns the name of the variable that a resource attribute of the scraper is taken from. */
export function envName(attribute: string): string {
  return attribute.toUpperCase().replaceAll(".", "_");
}

/** @returns the configuration of the agent on a node: it reads what containers write to stdout and stderr. */
export function nodeAgentConfig(backend: CollectorBackend, podLogsFolder: string, ownName: string): string {
  return collector(backend, {
    receiver: {
      include: [`${podLogsFolder}/*/*/*.log`],
      // Its own lines would come back to it.
      exclude: [`${podLogsFolder}/*_${ownName}-*/*/*.log`],
      include_file_path: true,
      operators: [
        { type: "container", id: "container-parser" },
        ...accessLogOperators('body startsWith "{" and body contains "start_time"'),
      ],
    },
    memoryMiB: 128,
    processors: {
      transform: {
        error_mode: "ignore",
        log_statements: [
          {
            context: "resource",
            statements: [
              'set(attributes["service.name"], attributes["k8s.pod.name"])',
              // A pod is named after its Deployment, StatefulSet or DaemonSet.
              'replace_pattern(attributes["service.name"], "(-[0-9a-f]{8,10})?-[a-z0-9]{5}$|-[0-9]+$", "")',
              'set(attributes["log.source"], "container")',
            ],
          },
        ],
      },
    },
  });
}

interface Source {
  receiver: Record<string, unknown>;
  processors: Record<string, unknown>;
}

interface Reading extends Source {
  memoryMiB: number;
  /** More files, with a pipeline of their own. */
  application?: Source;
}

/** The configuration that scraper and agent share; JSON is YAML too. */
function collector(backend: CollectorBackend, { receiver, processors, memoryMiB, application }: Reading): string {
  const [exporterName, exporter] = exporterOf(backend);
  const reading = {
    start_at: "beginning",
    storage: "file_storage",
    poll_interval: "500ms",
    // The queue says when it is full: the lines are kept, and reading waits.
    retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
  };
  // No batch processor: what waits in one is in memory, and lost with the process. The queue on disk batches.
  const pipeline = (from: string, through: Record<string, unknown>) => ({
    receivers: [from],
    processors: ["memory_limiter", ...Object.keys(through)],
    exporters: [exporterName],
  });
  return JSON.stringify(
    {
      extensions: {
        file_storage: { directory: queueFolder, compaction: { on_rebound: true, directory: "/tmp" } },
        health_check: { endpoint: `0.0.0.0:${collectorHealthPort}` },
      },
      receivers: {
        file_log: { ...reading, ...receiver },
        ...(application && { "file_log/application": { ...reading, ...application.receiver } }),
      },
      processors: {
        memory_limiter: { check_interval: "1s", limit_mib: memoryMiB, spike_limit_mib: Math.round(memoryMiB / 4) },
        ...processors,
        ...application?.processors,
      },
      exporters: { [exporterName]: exporter },
      service: {
        extensions: ["file_storage", "health_check"],
        pipelines: {
          logs: pipeline("file_log", processors),
          ...(application && { "logs/application": pipeline("file_log/application", application.processors) }),
        },
        telemetry: {
          logs: { level: "warn" },
          metrics: {
            readers: [{ pull: { exporter: { prometheus: { host: "0.0.0.0", port: collectorMetricsPort } } } }],
          },
        },
      },
    },
    undefined,
    2,
  );
}

function exporterOf(backend: CollectorBackend): [string, Record<string, unknown>] {
  // All lines wait for the one request that is tried again: seconds after the store is back, they go on.
  const retry = { enabled: true, initial_interval: "1s", max_interval: "3s", max_elapsed_time: "0s" };
  const queue = {
    enabled: true,
    storage: "file_storage",
    sizer: "bytes",
    queue_size: queueBytes,
    block_on_overflow: true,
  };
  switch (backend.kind) {
    case "otlp":
      return [
        "otlp_http",
        {
          endpoint: backend.url,
          // A connection to a pod that is gone answers nothing, and all lines wait for it.
          timeout: "10s",
          retry_on_failure: retry,
          sending_queue: { ...queue, ...inOrder },
        },
      ];
    case "elasticsearch":
      return [
        "elasticsearch",
        { endpoints: [backend.url], retry: { ...retry, max_retries: 1_000_000 }, sending_queue: queue },
      ];
  }
}
