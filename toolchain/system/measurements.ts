import { appendFileSync } from "node:fs";

/** Variable with the file that gets a line of JSON for each part of a first start; see bench/firstBuild.ts. */
export const measurementsVariable = "SIDECAR_MESH_MEASUREMENTS";

/** How long one part of a first start took. */
export interface Measurement {
  name: string;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** Seconds of processor time, where that is known. */
  cpuSeconds?: number;
}

/** Whether somewhere is set to write measurements to. */
export function isMeasured(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env[measurementsVariable]);
}

/** Does work, and notes how long it took if that is measured. @param cpuSeconds Asked afterwards. */
export async function measured<T>(name: string, work: () => Promise<T>, cpuSeconds?: () => number): Promise<T> {
  const from = Date.now();
  const result = await work();
  if (isMeasured()) {
    const measurement: Measurement = { name, from, to: Date.now(), cpuSeconds: cpuSeconds?.() };
    appendFileSync(process.env[measurementsVariable]!, `${JSON.stringify(measurement)}\n`);
  }
  return result;
}

/**
 * A command that says on its standard error, as its last lines, how much processor time another one took with all that
 * it started. Pure.
 * @returns the program and its arguments.
 */
export function timedCommand(command: string, args: readonly string[]): [string, string[]] {
  return ["bash", ["-c", '"$0" "$@"; code=$?; times >&2; exit $code', command, ...args]];
}

/**
 * @returns the seconds in a line that {@link timedCommand} adds, which are to be summed up; undefined for any other
 * line. Pure.
 */
export function processorSeconds(line: string): number | undefined {
  const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(line)?.slice(1).map(Number);
  return times && times[0]! * 60 + times[1]! + times[2]! * 60 + times[3]!;
}
