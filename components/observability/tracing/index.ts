import { jaeger } from "./jaeger";
import type { TracingBackend } from "./tracingBackend";
import { zipkin } from "./zipkin";

/** What takes traces: a backend that is installed, or a receiver of OTLP that is there already, or nothing. */
export const TracingKind = { Jaeger: "jaeger", Zipkin: "zipkin", Existing: "existing", None: "none" } as const;

/** One of {@link TracingKind}. */
export type TracingKind = (typeof TracingKind)[keyof typeof TracingKind];

/**
 * One `T` for each tracing backend. An interface, because Pulumi's analyzer makes the schema of the components only of
 * names that are written out.
 */
export interface OfTracingBackends<T> {
  /** Jaeger 2. */
  jaeger?: T;
  /** Zipkin. */
  zipkin?: T;
}

/** Name of a tracing backend that can be installed. */
export type TracingBackendName = Exclude<TracingKind, "existing" | "none">;

/**
 * The tracing backends that can be installed. To add one, add its file, and its name here and in the two lists above;
 * the compiler compares the three.
 */
export const tracingBackends: Readonly<Record<TracingBackendName, TracingBackend>> = {
  jaeger,
  zipkin,
} satisfies OfTracingBackends<TracingBackend>;

/** Names of the tracing backends that can be installed; the first is the default. */
export const tracingBackendNames = Object.keys(tracingBackends) as TracingBackendName[];

/** @returns the backend that the stack installs; undefined if it installs none. */
export function installedTracing(kind: TracingKind): (TracingBackend & { name: TracingBackendName }) | undefined {
  return kind === "existing" || kind === "none" ? undefined : { name: kind, ...tracingBackends[kind] };
}

/** Images of the tracing backends. */
export const tracingImages = Object.fromEntries(
  tracingBackendNames.map((name) => [name, tracingBackends[name].image]),
) as Readonly<Record<TracingBackendName, string>>;
