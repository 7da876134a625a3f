import { jaeger } from "./jaeger";
import type { TracingBackend } from "./tracingBackend";
import { zipkin } from "./zipkin";

/** The tracing backends that the stack can install. To add one, add its file and its name here. */
const backends = { jaeger, zipkin };

/** Name of a tracing backend that the stack can install. */
export type TracingBackendName = keyof typeof backends;

/** Names of the tracing backends that the stack can install; the first is the default. */
export const tracingBackendNames = Object.keys(backends) as TracingBackendName[];

/** The tracing backends that the stack can install. */
export const tracingBackends: Readonly<Record<TracingBackendName, TracingBackend>> = backends;

/** Values of `tracingBackend`. */
export type TracingKind = TracingBackendName | "existing" | "none";

/** @returns the backend that the stack installs; undefined if it installs none. */
export function installedTracing(kind: TracingKind): (TracingBackend & { name: TracingBackendName }) | undefined {
  return kind === "existing" || kind === "none" ? undefined : { name: kind, ...tracingBackends[kind] };
}

/** Images of the tracing backends. */
export const tracingImages = Object.fromEntries(
  tracingBackendNames.map((name) => [name, tracingBackends[name].image]),
) as Readonly<Record<TracingBackendName, string>>;
