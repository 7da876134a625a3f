/** Single values, as Istio writes them: durations, addresses, label selectors. */
import { isIP } from "node:net";

/** Whether a text is an IP address or a CIDR range, such as 10.1.0.0/16. */
export function isRange(text: string): boolean {
  const slash = text.indexOf("/");
  const family = isIP(slash < 0 ? text : text.slice(0, slash));
  const bits = slash < 0 ? "0" : text.slice(slash + 1);
  return family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Durations, as Istio writes them: `1.5s`, `1m30s`, `250ms`. */
const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000_001 };
const part = /(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g;

/** The milliseconds of a duration; undefined where the text is none. */
export function milliseconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+$/.test(text)) {
    return undefined;
  }
  return [...text.matchAll(part)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}
