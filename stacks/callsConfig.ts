import { proxyPorts } from "../components/validation";
import { collectorHealthPort, collectorMetricsPort } from "../components/collectorConfig";
import { noSuch } from "./configReader";
import type { ItemReader } from "./itemReader";

/** A path of the gateway that a service answers by a call to another. */
export interface CallConfig {
  /** Path on the gateway; the called service is asked for the same. */
  path: string;
  /** Name of the called service. */
  service: string;
  /** Port of the calling service at which the gateway asks for the path. */
  port: number;
}

/** Keys of an item of `services` that {@link readCalls} reads. */
export const callsKeys = ["calls"] as const;

/** First of the ports that calls are served at. */
const firstPort = 8091;

/** Ports that something else in each pod listens on. */
const otherPorts = [...proxyPorts, collectorHealthPort, collectorMetricsPort];

/** Input of {@link readCalls}: the service and its neighbours. */
interface CallContext {
  /** Name of the service. */
  name?: string;
  /** Port of the service. */
  port: number;
  /** Names of all services. */
  names: readonly string[];
  isPath: (value: string) => boolean;
  pathFix: string;
}

/** Reads the calls of a service. */
export function readCalls(item: ItemReader, { name, port, names, isPath, pathFix }: CallContext): CallConfig[] {
  const calls = item.objects("calls", ["path", "service"]) ?? [];
  const free = Array.from({ length: calls.length + 1 + otherPorts.length }, (_, i) => firstPort + i).filter(
    (one) => one !== port && !otherPorts.includes(one),
  );
  return calls.map((call, i) => {
    const isText = (value: unknown): value is string => typeof value === "string" && isPath(value);
    const service = call.required("service", call.text("service"), "", "payment-service");
    if (service !== "" && service === name) {
      call.problem("service", service, "a service can't answer by a call to itself; name another");
    } else if (service !== "" && !names.includes(service)) {
      call.problem("service", service, noSuch("service", service, names, `name one of ${names.join(", ")}`));
    }
    return {
      path: call.required("path", call.value("path", isText, pathFix), `/unnamed-${i}`, "/user/orders"),
      service,
      port: free[i]!,
    };
  });
}
