import type { ArgsCheck } from "../validation";
import { mostRequests, RateLimitUnit } from "./globalRateLimit";
import type { GlobalRateLimit } from "./globalRateLimit";

/** Notes what is wrong with a limit. `at` is the path to it. */
export function checkGlobalRateLimit(check: ArgsCheck, { requests, unit }: GlobalRateLimit, at: string): void {
  check
    .require(
      Number.isInteger(requests) && requests >= 1 && requests <= mostRequests,
      `${at}.requests`,
      requests,
      `use a whole number from 1 to ${mostRequests}`,
    )
    .requireOneOf(`${at}.unit`, unit, RateLimitUnit);
}
