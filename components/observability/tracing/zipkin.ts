import { defaultMaxTraces } from "./tracingBackend";
import type { TraceStorage, TracingBackend } from "./tracingBackend";

/** Zipkin takes spans and serves its page, API, health and metrics on one port. */
const port = 9411;

/**
 * Zipkin limits the spans in its memory, not the traces. With the tags of Istio's proxies each takes 4 KB of heap: so
 * many for each trace that Jaeger would keep fit into the same container (40,000 into 512 MiB, of which the whole
 * process took 470).
 */
const spansPerTrace = 2;

/** @returns the variables that configure Zipkin: https://github.com/openzipkin/zipkin/tree/master/zipkin-server */
export function zipkinEnv(storage: TraceStorage): Record<string, string> {
  return {
    // The heap follows the container's memory limit. Without these the image takes 160 MiB, whatever the limit.
    JAVA_OPTS: "-XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError",
    ...(storage.kind === "memory"
      ? { STORAGE_TYPE: "mem", MEM_MAX_SPANS: String((storage.maxTraces ?? defaultMaxTraces) * spansPerTrace) }
      : // It tells OpenSearch from Elasticsearch by what the server answers.
        { STORAGE_TYPE: "elasticsearch", ES_HOSTS: storage.url ?? "" }),
  };
}

/** A span as Zipkin's API v2 has it. */
interface ZipkinSpan {
  id: string;
  parentId?: string;
  name?: string;
  timestamp?: number;
  duration?: number;
  localEndpoint?: { serviceName?: string };
}

/** Zipkin: takes spans over HTTP, keeps them, and shows them. */
export const zipkin: TracingBackend = {
  title: "Zipkin",
  image: "openzipkin/zipkin:3.5.1",
  user: 1000,
  spans: { service: "zipkin", ports: [{ name: "http", port }], port },
  // With B3 headers alone, a request that brings W3C Trace Context would start a new trace.
  tracer: { kind: "zipkin", settings: { traceContextOption: "USE_B3_WITH_W3C_PROPAGATION" } },
  page: { service: "zipkin", port: { name: "http", port } },
  ready: { path: "/health", port },
  metrics: { port, path: "/prometheus" },
  server: (storage) => ({
    args: [],
    env: Object.entries(zipkinEnv(storage)).map(([name, value]) => ({ name, value })),
  }),
  apiPath: (traceId) => `/api/v2/trace/${traceId}`,
  spansOf: (body) =>
    (JSON.parse(body) as ZipkinSpan[]).map(({ id, parentId, name, timestamp, duration, localEndpoint }) => ({
      id,
      parentId,
      service: localEndpoint?.serviceName ?? "unknown",
      operation: name ?? "",
      start: timestamp ?? 0,
      duration: duration ?? 0,
    })),
  // Its page and API are below /zipkin, exposed or not; the API is at / as well.
  pagePath: (traceId) => `/zipkin/traces/${traceId}`,
};
