import { callerOf, parseAccessLine } from "../shared/accessLine";
import type { AccessLine } from "../shared/accessLine";

/** A request that a service answered, or that its sidecar did. */
export interface TappedRequest {
  /** When it came, ISO 8601. */
  time: string;
  /** `namespace/service-account`, or `plain text`. */
  caller: string;
  method: string;
  path: string;
  code: number;
  /** Milliseconds. */
  ms: number;
  traceId: string;
}

/** @returns true for a request to the service, and not one that its own application sent. */
function isInbound({ upstream_cluster: cluster = "" }: AccessLine): boolean {
  return !/^(outbound\||PassthroughCluster|BlackHoleCluster)/.test(cluster);
}

/** @returns the request in a line of a service's access log; undefined if the line is of another kind. */
export function tappedRequest(text: string): TappedRequest | undefined {
  const line = parseAccessLine(text);
  if (!line || !isInbound(line)) {
    return undefined;
  }
  const { start_time: time = "", method = "", path = "", response_code: code = 0, duration: ms = 0, trace_id } = line;
  return { time, caller: callerOf(line) ?? "plain text", method, path, code, ms, traceId: trace_id ?? "" };
}

/** @returns a request on one line. */
export function tapLine({ time, caller, method, path, code, ms, traceId }: TappedRequest): string {
  const of = time.slice(11, 23).padEnd(12);
  return `${of}  ${caller.padEnd(34)}  ${String(code).padStart(3)}  ${`${ms} ms`.padStart(9)}  ${method} ${path}  ${traceId}`.trimEnd();
}

/** Names the columns of {@link tapLine}. */
export const tapHead = `${"time (UTC)".padEnd(12)}  ${"caller".padEnd(34)}  code  ${"latency".padStart(8)}  request, and its trace id`;

/** Lets each line of a log pass once, though it is read again and again with some overlap. */
export class Unseen {
  private readonly seen = new Map<string, number>();

  /** @param keepMs Milliseconds for which a line is remembered: longer than the overlap. */
  constructor(private readonly keepMs: number) {}

  /** @returns true the first time. */
  isNew(key: string, now = Date.now()): boolean {
    const known = this.seen.has(key);
    this.seen.set(key, now);
    return !known;
  }

  /** Forgets the lines that were not read for long. */
  forget(now = Date.now()): void {
    for (const [key, at] of this.seen) {
      if (now - at > this.keepMs) {
        this.seen.delete(key);
      }
    }
  }
}
