import type { LiveObject } from "../../cluster/kubeClient";
import type { Executed } from "./cluster";
import { containersOf, isReady } from "./objects";

/** Container of each service's pod that has a shell and busybox' wget, whose requests have the pod's identity. */
export const shell = "log-rotator";

/** @returns the pod that speaks for a service: one that is ready and has a shell. */
export function speaker(pods: readonly LiveObject[] | undefined): LiveObject | undefined {
  return pods?.find((pod) => isReady(pod) && containersOf(pod).some(({ name }) => name === shell));
}

/** The result of one call of wget. */
export interface WgetAnswer {
  /** HTTP status; undefined without an answer. */
  status?: number;
  /** Names are in lower case. wget prints no headers of an error response. */
  headers: Record<string, string>;
  body: string;
  /** The body, or what went wrong, cut. */
  said: string;
}

const flags = (headers: Record<string, string>) =>
  Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]);

/** @returns the command that asks once; {@link readWget} reads what it says. */
export function wgetCommand(url: string, headers: Record<string, string> = {}): string[] {
  return ["wget", "-S", "-q", "-O", "-", ...flags(headers), url];
}

/** @returns the output of busybox' wget, parsed. */
export function readWget({ ok, stdout, stderr }: Executed): WgetAnswer {
  const lines = stderr.split("\n").map((line) => line.trim());
  const status = lines.map(statusOf).find((one) => one !== undefined);
  const headers = lines.flatMap((line) => {
    const [, name, value] = /^([\w-]+): (.*)$/.exec(line) ?? [];
    return name !== undefined && name !== "wget" ? [[name.toLowerCase(), value ?? ""] as const] : [];
  });
  const trouble = lines.filter((line) => line.startsWith("wget:")).join(" ");
  return {
    status: status ?? (ok ? 200 : undefined),
    headers: Object.fromEntries(headers),
    body: stdout,
    said: (ok ? stdout : trouble || stderr).trim().slice(0, 200),
  };
}

function statusOf(line: string): number | undefined {
  const status = /^HTTP\/\d\S* (\d{3})/.exec(line)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** Each wget writes the line of the status at once, so that those of several do not mix. */
const flood = `count=$1; most=$2; shift 2; i=0
while [ $i -lt $count ]; do
  wget -S -q -O /dev/null "$@" 2>&1 &
  i=$((i + 1))
  [ $((i % most)) -eq 0 ] && wait
done
wait`;

/** @returns the command that asks `count` times, `atOnce` at a time; {@link readFlood} reads what it says. */
export function floodCommand(
  url: string,
  { count, atOnce, headers = {} }: { count: number; atOnce: number; headers?: Record<string, string> },
): string[] {
  return ["sh", "-c", flood, "flood", String(count), String(atOnce), ...flags(headers), url];
}

/** @returns the status of each of `count` requests; 0 for those without an answer. */
export function readFlood({ stdout }: Executed, count: number): number[] {
  const found = stdout.split("\n").flatMap((line) => statusOf(line.trim()) ?? []);
  return Array.from({ length: count }, (_, i) => found[i] ?? 0);
}
