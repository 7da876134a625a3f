import { milliseconds } from "../../components/durations";
import { UsageError } from "../shared/flags";

/** What is sent: how much, for how long, and where to. */
export interface TrafficPlan {
  /** Requests per second. */
  rps: number;
  seconds: number;
  /** Paths that take turns. */
  paths: string[];
}

/** Bounds: enough to show traffic, too little to overload a mesh. */
export const mostRps = 200;
export const mostSeconds = 600;

/**
 * @param flags What the command line says, as text.
 * @param declared Paths of the services; what is asked when no path is given.
 * @throws UsageError naming the flag and its bounds.
 */
export function trafficPlan(
  flags: { rps: string; duration: string; path: readonly string[] },
  declared: readonly string[],
): TrafficPlan {
  const rps = Number(flags.rps);
  if (!/^\d+(\.\d+)?$/.test(flags.rps) || rps <= 0 || rps > mostRps) {
    throw new UsageError(`--rps ${flags.rps}: use a number of requests per second, more than 0 and at most ${mostRps}`);
  }
  const seconds = (milliseconds(flags.duration) ?? 0) / 1000;
  if (seconds < 1 || seconds > mostSeconds) {
    throw new UsageError(`--duration ${flags.duration}: use a duration from 1s to ${mostSeconds / 60}m, such as 30s`);
  }
  for (const path of flags.path.filter((one) => !/^\/[^\s#]*$/.test(one))) {
    throw new UsageError(`--path ${path}: start with /, and leave out spaces and #`);
  }
  const paths = flags.path.length > 0 ? [...flags.path] : [...declared];
  if (paths.length === 0) {
    throw new UsageError("no service has a path on the gateway; name one with --path");
  }
  return { rps, seconds, paths };
}

/** @returns how many requests are due after a time: the first at once, then one each 1/rps seconds. */
export function due({ rps, seconds }: TrafficPlan, elapsedSeconds: number): number {
  const total = Math.max(1, Math.floor(rps * seconds));
  return Math.min(total, Math.floor(elapsedSeconds * rps) + 1);
}
