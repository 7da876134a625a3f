import type { Rule } from "./rules";

/** What a service promises: how many of its requests are good. */
export interface Slo {
  /**
   * Percent of the requests that are answered without 5xx, and within `latencyMs`: between 0 and 100, 99.9 for example.
   */
  success: number;
  /** Milliseconds within which a good request is answered, one of the buckets of Istio's histogram. Default: any. */
  latencyMs?: number;
  /** Seconds over which the promise is kept. Default 30 days. */
  windowSeconds?: number;
}

/** An objective, and the service that it is for. */
export interface Objective extends Slo {
  /** Name of the Service. */
  service: string;
  namespace: string;
}

/** Milliseconds at which Istio's histogram of durations counts; what is in between cannot be told apart. */
export const latencyBuckets: readonly number[] = [
  1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
];

const [minute, hour, day] = [60, 3600, 86_400];

/** Window of an objective that names none. */
export const defaultWindowSeconds = 30 * day;

/**
 * When an alert fires, as "The Site Reliability Workbook" has it (chapter 5, table 5-8) for a window of 30 days: the
 * budget of failures is used up `burnRate` times as fast as it would last, over the long window, and still is, over the
 * short one. Other windows scale both.
 */
export const burns = [
  { page: true, burnRate: 14.4, long: hour, short: 5 * minute },
  { page: true, burnRate: 6, long: 6 * hour, short: 30 * minute },
  { page: false, burnRate: 1, long: 3 * day, short: 6 * hour },
] as const;

/** A rate over fewer scrapes than this may have no value. */
const fewestScrapes = 4;

/** @returns seconds as Prometheus writes a duration. */
export function promDuration(seconds: number): string {
  const units = [
    [day, "d"],
    [hour, "h"],
    [minute, "m"],
  ] as const;
  const unit = units.find(([size]) => seconds % size === 0);
  return unit ? `${seconds / unit[0]}${unit[1]}` : `${seconds}s`;
}

/** Rules of objectives, by how often they have to be worked out. */
export interface ObjectiveRules {
  /** As often as metrics are scraped. */
  often: Rule[];
  /** Over long windows: every minute is enough, and spares Prometheus most of the work. */
  seldom: Rule[];
}

/** @returns the recording rules and alerts of an objective. */
export function objectiveRules(objective: Objective, scrapeSeconds: number): ObjectiveRules {
  const { service, namespace, success, windowSeconds = defaultWindowSeconds } = objective;
  const labels = { destination_service_name: service, destination_service_namespace: namespace };
  const selector = `destination_service_name="${service}", destination_service_namespace="${namespace}"`;
  const budget = Number((1 - success / 100).toPrecision(6));
  const scaled = (seconds: number) =>
    Math.max(Math.round((seconds * windowSeconds) / defaultWindowSeconds), fewestScrapes * scrapeSeconds);
  const bad = (seconds: number) => `service:slo_bad:ratio{${selector}, window="${promDuration(scaled(seconds))}"}`;
  const record = (seconds: number): Rule => ({
    record: "service:slo_bad:ratio",
    expr: badRatio(objective, selector, promDuration(seconds)),
    labels: { window: promDuration(seconds) },
  });
  const windows = [...new Set(burns.flatMap(({ long, short }) => [scaled(long), scaled(short)]))];
  const alert = (page: boolean, name: string, summary: string): Rule => ({
    alert: name,
    // Without the window it is one alert, whichever of its windows are over the limit.
    expr: `max without (window) (${burns
      .filter((burn) => burn.page === page)
      .map(({ burnRate, long, short }) => {
        const limit = Number((burnRate * budget).toPrecision(6));
        return `(${bad(long)} > ${limit} and ignoring(window) ${bad(short)} > ${limit})`;
      })
      .join(" or ")})`,
    labels: { ...labels, severity: page ? "critical" : "warning" },
    annotations: { summary },
  });
  const promise = `${service} in ${namespace} breaks its promise of ${success} % good requests in ${promDuration(windowSeconds)}`;
  return {
    often: [
      { record: "service:slo_budget:ratio", expr: `vector(${budget})`, labels },
      ...windows.filter((seconds) => seconds < hour).map(record),
      alert(true, "MeshSloBurnsFast", `${promise} in days, or hours: {{ $value | humanizePercentage }} are bad`),
      alert(false, "MeshSloBurns", `${promise}: {{ $value | humanizePercentage }} are bad`),
    ],
    seldom: [
      ...windows.filter((seconds) => seconds >= hour).map(record),
      {
        record: "service:slo_budget_left:ratio",
        expr: `1 - (${badRatio(objective, selector, promDuration(windowSeconds))}) / ${budget}`,
      },
    ],
  };
}

/** @returns the share of the requests that are not good; without requests there is none. */
function badRatio({ latencyMs }: Slo, selector: string, window: string): string {
  const sum = (series: string) =>
    `sum by (destination_service_name, destination_service_namespace) (rate(${series}[${window}]))`;
  const served = `reporter="destination", ${selector}`;
  // Prometheus 3 writes 250 as 250.0; a remote store may keep it as the proxies do.
  const [good, all] =
    latencyMs === undefined
      ? ['istio_requests_total{SERVED, response_code!~"5.."}', "istio_requests_total{SERVED}"]
      : [
          `istio_request_duration_milliseconds_bucket{SERVED, response_code!~"5..", le=~"${latencyMs}([.]0)?"}`,
          "istio_request_duration_milliseconds_count{SERVED}",
        ];
  const [goodRate, rate] = [good, all].map((series) => sum(series.replace("SERVED", served)));
  // `or` counts a service without a single good request, too.
  return `1 - (${goodRate} or 0 * ${rate}) / ${rate}`;
}
