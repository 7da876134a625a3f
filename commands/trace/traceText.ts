import { callerOf, parseAccessLine } from "../shared/accessLine";
import type { Span } from "../../components/observability/tracing/tracingBackend";

/** A line of the log store, and who wrote it. */
export interface LogLine {
  service: string;
  /** Where the line comes from: a proxy's access log, an application's file, a container's standard output. */
  source: string;
  text: string;
}

/** A span, and how many others it is within. */
interface Placed {
  span: Span;
  depth: number;
}

/**
 * @returns spans in the order of calls, those that a span caused behind it. One whose cause is not there stands at the
 * top.
 */
export function spansInOrder(spans: readonly Span[]): Placed[] {
  const known = new Set(spans.map(({ id }) => id));
  const causeOf = ({ parentId }: Span) => (parentId !== undefined && known.has(parentId) ? parentId : undefined);
  const causedBy = (cause: string | undefined, depth: number): Placed[] =>
    spans
      .filter((span) => causeOf(span) === cause)
      .sort((one, other) => one.start - other.start)
      .flatMap((span) => [{ span, depth }, ...causedBy(span.id, depth + 1)]);
  return causedBy(undefined, 0);
}

const columns = { time: 10, service: 44 };

function ms(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}

/** @returns a trace as text: when each span began, how long it took, whose it is, and what was asked. */
export function spanLines(spans: readonly Span[]): string[] {
  const begin = Math.min(...spans.map(({ start }) => start));
  const row = (began: string, took: string, service: string, operation: string) =>
    `${began.padStart(columns.time)}${took.padStart(columns.time)}  ${service.padEnd(columns.service)}${operation}`;
  return [
    row("start", "took", "service", "operation"),
    ...spansInOrder(spans).map(({ span: { start, duration, service, operation }, depth }) =>
      row(ms(start - begin), ms(duration), "  ".repeat(depth) + service, operation),
    ),
  ];
}

/** @returns what a line says, in short: of an access log what was asked, the answer, and the caller's identity. */
export function shortLine(text: string): string {
  const line = parseAccessLine(text);
  if (!line) {
    return text.split("\n")[0]!.slice(0, 160);
  }
  const caller = callerOf(line);
  return `${line.method} ${line.path} ${line.response_code} in ${line.duration} ms${caller ? `, by ${caller}` : ""}`;
}

/**
 * @param link URL of the lines' trace.
 * @returns lines as text, each once, with its link to the trace. A proxy may write one line to a file and to its
 * standard output.
 */
export function logLines(lines: readonly LogLine[], link: string): string[] {
  const once = new Map(lines.map((line) => [`${line.service} ${line.text}`, line]));
  return [...once.values()].flatMap(({ service, source, text }) => [
    `${service} (${source}): ${shortLine(text)}`,
    `    ${link}`,
  ]);
}
