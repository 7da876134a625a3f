import { proxyPorts } from "../common/reserved";
import { collectorHealthPort, collectorMetricsPort } from "../components/collectorConfig";
import type { Notes } from "./configReader";
import { item, listOf, noSuch, path, required, text, unnamed } from "./schema";

/** A path of the gateway that a service answers by a call to another. */
export interface CallConfig {
  /** Path on the gateway; the called service is asked for the same. */
  path: string;
  /** Name of the called service. */
  service: string;
  /** Port of the calling service at which the gateway asks for the path. */
  port: number;
}

/** Key of an item of `services`: paths that it answers by a call to another. */
export const callsShape = {
  calls: listOf(
    item({
      path: required(path, "/unnamed", "/user/orders"),
      service: required(text, unnamed, "payment-service"),
    }),
  ).default([]),
};

/** First of the ports that calls are served at. */
const firstPort = 8091;

/** Ports that something else in each pod listens on. */
const otherPorts = [...proxyPorts, collectorHealthPort, collectorMetricsPort];

/** Input of {@link completeCalls}: the service and its neighbours. */
interface CallContext {
  calls: readonly Omit<CallConfig, "port">[];
  /** Name of the service. */
  name: string;
  /** Port of the service. */
  port: number;
}

/** @returns the calls of a service, each with its port. `names` are those of all services. */
export function completeCalls(
  { calls, name, port }: CallContext,
  notes: Notes,
  names: readonly string[],
): CallConfig[] {
  const free = Array.from({ length: calls.length + 1 + otherPorts.length }, (_, i) => firstPort + i).filter(
    (one) => one !== port && !otherPorts.includes(one),
  );
  return calls.map((call, i) => {
    const { service } = call;
    const at = notes.in("calls").in(i);
    if (service === name) {
      at.problem("service", service, "a service can't answer by a call to itself; name another");
    } else if (!names.includes(service) && !at.isWrong("service")) {
      at.problem("service", service, noSuch("service", service, names, `name one of ${names.join(", ")}`));
    }
    return { ...call, port: free[i]! };
  });
}
