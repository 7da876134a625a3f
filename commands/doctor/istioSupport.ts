import { coerce, lt } from "semver";
import { istioVersion } from "../../components/versions";

/** A minor version of Istio, and until when its community mends it. */
export interface SupportedMinor {
  /** For example `1.31`. */
  minor: string;
  /** Last day of support, as YYYY-MM-DD. Of an expected month its last day. */
  end: string;
  /** Whether Istio only expects that day: it is six weeks after the release of the minor version after the next. */
  expected: boolean;
}

/** Where Istio says how long it supports a minor version. */
const supportSource = "https://istio.io/latest/docs/releases/supported-releases/";

/**
 * Istio's minor versions and the end of their support, the oldest first. All dates are of {@link supportSource}, which
 * is made from `data/compatibility/supportStatus.yml` of the repository istio/istio.io. They were read from copies of
 * it: 1.28 and 1.30 as endoflife.date had them in August 2026, 1.29 and 1.31 as the file was in October 2026. A minor
 * version belongs here before it becomes the default of the stack; a test demands it.
 */
export const istioSupport: readonly SupportedMinor[] = [
  { minor: "1.28", end: "2026-07-01", expected: false },
  { minor: "1.29", end: "2026-10-12", expected: true },
  { minor: "1.30", end: "2026-11-30", expected: true },
  { minor: "1.31", end: "2027-02-28", expected: true },
];

/** Days before the end of support from which an upgrade is advised. */
const warningDays = 30;

/** What is to be said of a version's support. */
export interface SupportJudgement {
  state: "supported" | "ends soon" | "ended" | "unknown";
  /** What was found, for a person. */
  text: string;
  /** What to do; always there unless it is supported for longer. */
  fix?: string;
}

/**
 * @param version Of Istio, for example `1.31.4`.
 * @param today The day that is asked about, in UTC.
 * @param table Default {@link istioSupport}.
 * @returns whether Istio supports the version on that day.
 */
export function judgeSupport(
  version: string,
  today: Date,
  table: readonly SupportedMinor[] = istioSupport,
): SupportJudgement {
  const minor = minorOf(version);
  const row = table.find((other) => other.minor === minor);
  const upgrade = `go to a newer minor version, as docs/upgrade.md says; dates: ${supportSource}`;
  if (row === undefined) {
    const oldest = table[0];
    return oldest !== undefined && lt(coerce(minor)!, coerce(oldest.minor)!)
      ? { state: "ended", text: `the support of Istio ${minor} has ended`, fix: upgrade }
      : {
          state: "unknown",
          text: `the end of support of Istio ${minor} is not known here`,
          fix: `look it up at ${supportSource} and add it to commands/doctor/istioSupport.ts`,
        };
  }
  const end = row.expected ? `${row.end} (expected)` : row.end;
  const days = Math.round((Date.parse(row.end) - Date.parse(today.toISOString().slice(0, 10))) / 86_400_000);
  if (days < 0) {
    return { state: "ended", text: `the support of Istio ${minor} ended on ${end}`, fix: upgrade };
  }
  return days <= warningDays
    ? { state: "ends soon", text: `the support of Istio ${minor} ends in ${days} days, on ${end}`, fix: upgrade }
    : { state: "supported", text: `Istio ${minor} is supported until ${end}` };
}

/** @returns one line about the stack's default version, for the log of a CI run. */
export function supportLine(today = new Date(), version = istioVersion): string {
  const { text, fix } = judgeSupport(version, today);
  return fix === undefined ? text : `warning: ${text}: ${fix}`;
}

/** @returns the minor version of a version: `1.31` of `1.31.4`. */
function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
