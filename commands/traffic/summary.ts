import type { Answer } from "../shared/httpClient";
import { figureTable } from "../shared/plainTable";
import type { Percentiles } from "../shared/statistics";
import { percentiles, round, tally } from "../shared/statistics";

/** A request that was sent, and how it ended. */
export type Sent = Pick<Answer, "status" | "ms" | "error"> & { path: string };

/** How a run of requests went. */
export interface TrafficSummary {
  requests: number;
  seconds: number;
  perSecond: number;
  /** Requests by status; those without an answer by why. */
  codes: Record<string, number>;
  /** Times until answers were there, in milliseconds; undefined if there was none. */
  ms?: Percentiles;
  paths: Record<string, { requests: number; codes: Record<string, number>; ms?: Percentiles }>;
}

/** @returns what is to be said of `sent`, which took so many seconds. */
export function summarize(sent: readonly Sent[], seconds: number): TrafficSummary {
  const part = (some: readonly Sent[]) => ({
    requests: some.length,
    codes: tally(some.map(({ status, error }) => (status === 0 ? (error ?? "no answer") : status))),
    ms: percentiles(some.filter(({ status }) => status !== 0).map(({ ms }) => ms)),
  });
  const paths = [...new Set(sent.map(({ path }) => path))].sort();
  return {
    ...part(sent),
    seconds: round(seconds),
    perSecond: round(sent.length / seconds),
    paths: Object.fromEntries(paths.map((path) => [path, part(sent.filter((one) => one.path === path))])),
  };
}

/** @returns one line about how it goes. */
export function progressLine({ seconds, perSecond, codes, ms }: TrafficSummary, ofSeconds: number): string {
  const counts = Object.entries(codes).map(([code, count]) => `${code}: ${count}`);
  const times = ms ? `p50 ${ms.p50} ms  p99 ${ms.p99} ms` : "";
  return `${Math.round(seconds)} s of ${ofSeconds}  ${perSecond}/s  ${counts.join("  ")}  ${times}`.trimEnd();
}

/** @returns the summary as text: by code, then by path. */
export function summaryText(summary: TrafficSummary): string {
  const { requests, seconds, perSecond } = summary;
  const codes = Object.entries(summary.codes).map(([code, count]) => [
    code,
    String(count),
    `${((100 * count) / requests).toFixed(1)} %`,
  ]);
  const row = (path: string, count: number, ms?: Percentiles) => [
    path,
    String(count),
    ...(ms ? [ms.p50, ms.p90, ms.p99, ms.max].map(String) : ["-", "-", "-", "-"]),
  ];
  const paths = Object.entries(summary.paths).map(([path, part]) => row(path, part.requests, part.ms));
  const all = paths.length > 1 ? [row("all", requests, summary.ms)] : [];
  return [
    `${requests} requests in ${seconds} s, ${perSecond} per second`,
    "",
    ...figureTable(["code", "requests", "share"], codes),
    "",
    ...figureTable(["path", "requests", "p50 ms", "p90 ms", "p99 ms", "max ms"], [...paths, ...all]),
  ].join("\n");
}
