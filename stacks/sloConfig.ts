import type { z } from "zod";
import { milliseconds } from "../components/durations";
import { defaultWindowSeconds, latencyBuckets } from "../components/observability/objectives";
import type { Slo } from "../components/observability/objectives";
import { durationSeconds } from "../components/observability/prometheusConfig";
import { duration, item, number, required, textThat } from "./schema";

const day = 86_400;

const seconds = (text: string) => durationSeconds(text) ?? 0;

const counted = latencyBuckets.map((ms) => (ms < 1000 ? `${ms}ms` : `${ms / 1000}s`)).join(", ");

/** Key of an item of `services`: what it promises. */
export const sloShape = {
  slo: item({
    success: required(number(50, 99.999, "use the percent of good requests, from 50 to 99.999, such as 99.9"), 99.9),
    latency: duration
      .refine(
        (v) => latencyBuckets.includes(milliseconds(v)!),
        `durations are counted up to ${counted}; use one of these`,
      )
      .optional(),
    window: textThat(
      (v) => seconds(v) >= day && seconds(v) <= 90 * day,
      "use a time from 1d to 90d, such as 30d or 4w",
    ).optional(),
  }).optional(),
};

/** @returns what a service promises, in the units of its rules. */
export function completeSlo(slo: z.output<typeof sloShape.slo>): Slo | undefined {
  return (
    slo && {
      success: slo.success,
      latencyMs: slo.latency === undefined ? undefined : milliseconds(slo.latency),
      windowSeconds: slo.window === undefined ? defaultWindowSeconds : seconds(slo.window),
    }
  );
}
