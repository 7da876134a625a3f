import { milliseconds } from "../components/durations";
import { defaultWindowSeconds, latencyBuckets } from "../components/observability/objectives";
import type { Slo } from "../components/observability/objectives";
import { durationSeconds } from "../components/observability/prometheusConfig";
import type { ItemReader } from "./itemReader";

/** Keys of an item of `services` that {@link readSlo} reads. */
export const sloKeys = ["slo"] as const;

const day = 86_400;

/** Reads what a service promises. */
export function readSlo(item: ItemReader): Slo | undefined {
  const slo = item.object("slo", ["success", "latency", "window"]);
  if (!slo) {
    return undefined;
  }
  const isShare = (v: unknown): v is number => typeof v === "number" && v >= 50 && v <= 99.999;
  const success = slo.value("success", isShare, "use the percent of good requests, from 50 to 99.999, such as 99.9");
  const latency = slo.duration("latency");
  const latencyMs = latency === undefined ? undefined : milliseconds(latency);
  if (latencyMs !== undefined && !latencyBuckets.includes(latencyMs)) {
    const counted = latencyBuckets.map((ms) => (ms < 1000 ? `${ms}ms` : `${ms / 1000}s`)).join(", ");
    slo.problem("latency", latency, `durations are counted up to ${counted}; use one of these`);
  }
  const seconds = (v: unknown) => (typeof v === "string" ? (durationSeconds(v) ?? 0) : 0);
  const isWindow = (v: unknown): v is string => seconds(v) >= day && seconds(v) <= 90 * day;
  const window = slo.value("window", isWindow, "use a time from 1d to 90d, such as 30d or 4w");
  return {
    success: slo.required("success", success, 99, 99.9),
    latencyMs,
    windowSeconds: window === undefined ? defaultWindowSeconds : seconds(window),
  };
}
