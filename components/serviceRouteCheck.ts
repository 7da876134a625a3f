import { isDuration, milliseconds } from "./durations";
import { namedVersions } from "./serviceRoute";
import type { RouteSettings } from "./serviceRoute";
import type { ArgsCheck } from "./validation";

const durationFix = "use a duration such as 250ms, 2s or 1m30s";
const percentFix = "use a number from 0 to 100";

/** Notes what is wrong with the settings of a route. `at` is the path to them, for example `routes[0].`. */
export function checkRouteSettings(check: ArgsCheck, settings: RouteSettings, at = ""): void {
  const { timeout, retries, fault, versions = [], canary, mirror } = settings;
  const duration = (field: string, value: string | undefined) =>
    check.require(value === undefined || isDuration(value), at + field, value, durationFix);
  const percent = (field: string, value: number | undefined) =>
    check.require(value === undefined || isPercent(value), at + field, value, percentFix);

  duration("timeout", timeout);
  if (retries) {
    const { attempts, perTryTimeout } = retries;
    check.require(
      Number.isInteger(attempts) && attempts >= 0,
      `${at}retries.attempts`,
      attempts,
      "use a whole number, 0 or more",
    );
    duration("retries.perTryTimeout", perTryTimeout);
    check.require(
      !outlasts(perTryTimeout, timeout),
      `${at}retries.perTryTimeout`,
      perTryTimeout,
      `the timeout of the whole request is ${timeout}; use less for one try`,
    );
  }
  duration("fault.delay.duration", fault?.delay?.duration);
  percent("fault.delay.percent", fault?.delay?.percent);
  percent("fault.abort.percent", fault?.abort?.percent);
  percent("mirror.percent", mirror?.percent);

  const weights = versions.map(({ weight }) => weight);
  check.require(
    weightsAddUp(weights),
    `${at}versions`,
    weights,
    "give every version a weight so that they add to 100, or give none a weight",
  );
  const known = versions.map(({ version }) => version);
  for (const name of namedVersions({ canary, mirror })) {
    check.require(
      known.includes(name),
      `${at}versions`,
      known,
      `canary or mirror names the version ${name}; declare it`,
    );
  }
}

/** @returns true if one try may take longer than the whole request. */
export function outlasts(perTryTimeout: string | undefined, timeout: string | undefined): boolean {
  const one = perTryTimeout === undefined ? undefined : milliseconds(perTryTimeout);
  const whole = timeout === undefined ? undefined : milliseconds(timeout);
  return one !== undefined && whole !== undefined && one > whole;
}

/** @returns true if the weights add to 100, or if there is none. */
export function weightsAddUp(weights: readonly (number | undefined)[]): boolean {
  const given = weights.filter((weight) => weight !== undefined);
  return given.length === 0 || (given.length === weights.length && given.reduce((sum, one) => sum + one, 0) === 100);
}

/** @returns true for a number from 0 to 100. */
function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
