import { dashboardServices, exposedPath } from "../../components/observability/endpoints";
import type { DashboardName } from "../../components/observability/endpoints";
import { lokiPorts } from "../../components/observability/loki";
import type { TracingBackendName } from "../../components/observability/tracing";
import type { Span, TracingBackend } from "../../components/observability/tracing/tracingBackend";
import type { Answer } from "../shared/httpClient";
import type { Context } from "./check";

/** What it takes to ask a backend. */
export type BackendContext = Pick<Context, "cluster" | "declared">;

/** @returns a path of a backend's page, below whatever path the page is served at. */
export function pagePath(
  { dashboardsExposed }: Pick<Context["declared"], "dashboardsExposed">,
  name: DashboardName,
  path: string,
): string {
  return (dashboardsExposed ? exposedPath(name) : "") + path;
}

/** Asks the page of a backend, under whatever path it is served. */
export function askPage(context: BackendContext, name: DashboardName, path: string): Promise<Answer> {
  return askBackend(context, name, dashboardServices[name].port, pagePath(context.declared, name, path));
}

/**
 * Asks the first pod of a backend through a port-forward, which the namespace's NetworkPolicy lets pass: it refuses the
 * API server, by which a Service could be asked.
 */
function askBackend({ cluster, declared }: BackendContext, app: string, port: number, path: string): Promise<Answer> {
  return cluster.inPod(declared.namespaces.observability, `${app}-0`, port, path);
}

/** A series at one moment. */
export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** @returns what Prometheus has for a query. @throws Error if it does not answer. */
export async function promql(context: BackendContext, query: string): Promise<Sample[]> {
  const answer = await askPage(context, "prometheus", `/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  return (jsonOf(answer, "Prometheus") as { data: { result: Sample[] } }).data.result;
}

/**
 * @param series A counter, or the buckets of a histogram.
 * @returns the expression of what each series grew by in the last seconds. One that began meanwhile counts from
 * nothing, which `increase` leaves out: a path that is first asked now would have no requests.
 */
export function growthOf(series: string, seconds: number): string {
  const over = `[${seconds}s]`;
  return `((max_over_time(${series}${over}) unless ${series} offset ${seconds}s) or increase(${series}${over}))`;
}

/** @returns the spans of a trace; none if the backend has no such trace, or does not answer. */
export async function readTrace(
  context: BackendContext,
  { name, apiPath, spansOf }: Pick<TracingBackend, "apiPath" | "spansOf"> & { name: TracingBackendName },
  id: string,
): Promise<Span[]> {
  const { status, body } = await askPage(context, name, apiPath(id));
  return status === 200 ? spansOf(body) : [];
}

/** A line of the log store, with its labels and structured metadata. */
export interface StoredLine {
  labels: Record<string, string>;
  line: string;
  /** Nanoseconds since 1970. */
  time: string;
}

/**
 * @param sinceMs Time of the first line that is meant. Default: ten minutes ago.
 * @param limit Most lines; of more, the latest. Default 100.
 * @returns the lines that Loki has for a query. @throws Error if it does not answer.
 */
export async function logStreams(
  context: Context,
  query: string,
  sinceMs = Date.now() - 600_000,
  limit = 100,
): Promise<StoredLine[]> {
  const start = `${Math.floor(sinceMs)}000000`;
  const asked = new URLSearchParams({ query, start, limit: String(limit) }).toString();
  const answer = await askBackend(context, "loki", lokiPorts.http, `/loki/api/v1/query_range?${asked}`);
  const { data } = jsonOf(answer, "Loki") as {
    data: { result: { stream: Record<string, string>; values: [string, string][] }[] };
  };
  return data.result.flatMap(({ stream, values }) => values.map(([time, line]) => ({ labels: stream, line, time })));
}

/** @returns the texts of {@link logStreams}. */
export async function logql(context: Context, query: string, sinceMs?: number): Promise<string[]> {
  return (await logStreams(context, query, sinceMs)).map(({ line }) => line);
}

/** @returns an answer's JSON. @throws Error if it is none. */
function jsonOf({ status, body, error }: Answer, who: string): unknown {
  if (status !== 200) {
    throw new Error(`${who} answers with ${error ?? `HTTP ${status}`}: ${body.slice(0, 200)}`);
  }
  return JSON.parse(body);
}

/** Asks until there is something or the time is over. @returns the last that was found, and how long it took. */
export async function until<T>(
  seconds: number,
  ask: () => Promise<T | undefined>,
): Promise<{ found?: T; seconds: number }> {
  const started = Date.now();
  for (;;) {
    const found = await ask();
    const took = (Date.now() - started) / 1000;
    if (found !== undefined || took > seconds) {
      return { found, seconds: took };
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

/**
 * Sends a request and asks for what it leaves; where that does not come in half of the time, once more. A single
 * request can be lost, with a proxy that ends or at a limit, which says nothing of what follows requests.
 * @returns as {@link until}, and the answers to the requests.
 */
export async function untilOfTwo<T>(
  seconds: number,
  send: () => Promise<Answer>,
  ask: () => Promise<T | undefined>,
): Promise<{ found?: T; seconds: number; answers: Answer[] }> {
  const first = await send();
  const arrival = await until(seconds / 2, ask);
  if (arrival.found !== undefined) {
    return { ...arrival, answers: [first] };
  }
  const second = await send();
  return { ...(await until(seconds / 2, ask)), answers: [first, second] };
}
