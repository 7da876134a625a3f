import { milliseconds } from "../mesh/durations";
import { rule } from "../rule";
import { virtualService } from "../sources";

/** Retries are bounded, and have the time that they need. */
export const retriesNeedTimeout = rule({
  name: "retries-need-timeout",
  description:
    "A route with retries has a timeout, one for each try, and the whole is long enough for more than one try.",
  rationale:
    "Retries without a timeout make a slow service slower: callers wait for every try to end by itself. A timeout as long " +
    "as one try leaves no time for the next.",
  fix: "Set `timeout` and `retries.perTryTimeout`, the first at least twice the second.",
  level: "advisory",
  codes: [],
  source: virtualService,
  check({ mesh, each, report }) {
    each(mesh.virtualServices, (route) => {
      route.fields.spec?.http?.forEach(({ retries, timeout }, i) => {
        if (retries === undefined || retries.attempts === 0) {
          return;
        }
        const whole = milliseconds(timeout);
        const one = milliseconds(retries.perTryTimeout);
        if (!whole && !one) {
          report(route, {
            field: `spec.http[${i}].retries`,
            message: "The rule retries without any timeout, so a try that hangs is never given up.",
            fix: `Set spec.http[${i}].timeout and retries.perTryTimeout.`,
          });
        } else if (whole && one && whole <= one) {
          report(route, {
            field: `spec.http[${i}].timeout`,
            message: `The timeout ${timeout} ends with the first try (perTryTimeout ${retries.perTryTimeout}), so nothing is ever retried.`,
            fix: "Make the timeout longer than one try.",
          });
        }
      });
    });
  },
});
