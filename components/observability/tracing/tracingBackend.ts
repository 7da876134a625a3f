import type { Tracer } from "../../telemetry";
import type { BackendPort, BackendSpec } from "../backend";

/** What a tracing backend keeps traces in: its own memory, where they end with the pod, or a store that is there. */
export const TraceStorageKind = {
  Memory: "memory",
  Elasticsearch: "elasticsearch",
  Opensearch: "opensearch",
} as const;

/** One of {@link TraceStorageKind}. */
export type TraceStorageKind = (typeof TraceStorageKind)[keyof typeof TraceStorageKind];

/** Where a tracing backend keeps traces. */
export interface TraceStorage {
  /** What it is. */
  kind: TraceStorageKind;
  /** Most traces in its memory; the oldest go. Zipkin counts spans: it keeps two for each. Default 20000. */
  maxTraces?: number;
  /** URL of a store that is there. */
  url?: string;
}

/** Most traces in memory, unless a storage says otherwise. */
export const defaultMaxTraces = 20_000;

/** A span, whatever backend has it. */
export interface Span {
  id: string;
  /** The span that caused it. */
  parentId?: string;
  /** Name of the service whose proxy sent it. */
  service: string;
  /** What was asked. */
  operation: string;
  /** Microseconds since 1970. */
  start: number;
  /** Microseconds. */
  duration: number;
}

/**
 * All that the stack and its commands know of a tracing backend. One file declares one; `index.ts` lists them. The key
 * in that list is the name of its StatefulSet, of its page, of its data source in Grafana, and the value of
 * `tracingBackend`.
 */
export interface TracingBackend {
  /** Its name in messages, and the last part of its component's type. */
  title: string;
  /** Image that this package was tested with. */
  image: string;
  /** User that the image runs as. */
  user: number;
  /** The Service that takes spans: its name, all of its ports, and the one to which proxies send. */
  spans: { service: string; ports: BackendPort[]; port: number };
  /** How proxies send spans. Default: OTLP over gRPC. */
  tracer?: Tracer;
  /** Page and API; a Service of its own, or the one that takes spans. */
  page: { service: string; port: BackendPort };
  /** Path and port that answer 200 when requests can be served. */
  ready: BackendSpec["ready"];
  /** Where the Service for spans serves its metrics. `path` defaults to `/metrics`. */
  metrics: { port: number; path?: string };
  /**
   * @param path Path under which the page is served; undefined for `/`.
   * @returns how its server is configured.
   */
  server: (storage: TraceStorage, path?: string) => Pick<BackendSpec, "args" | "env" | "config" | "configFolder">;
  /** @returns Kiali's settings `external_services.tracing`. Left out: Kiali can't read it. */
  kiali?: (url: string) => Record<string, unknown>;
  /** @returns the path of the API that gives a trace, below the path of the page. */
  apiPath: (traceId: string) => string;
  /** @returns the spans in an answer of the API. */
  spansOf: (body: string) => Span[];
  /** @returns the path of the page that shows a trace. `path` is the one under which the page is served, or empty. */
  pagePath: (traceId: string, path: string) => string;
}
