import { isDnsLabel, isDnsSubdomain } from "../components/validation";
import { noSuch } from "./configReader";
import type { ItemReader } from "./itemReader";

/** Who may call a service: another one of `services`, or a service account anywhere in the mesh. */
export type AllowedCaller = { service: string } | { namespace: string; serviceAccount: string };

/** Keys of an item of `services` that {@link readAccess} reads. */
export const accessKeys = ["allowFrom"] as const;

/** Reads who may call a service, besides the gateway where the service has a path. `services` are the names of all services. */
export function readAccess(item: ItemReader, services: readonly string[]): AllowedCaller[] {
  const callers =
    item.value(
      "allowFrom",
      (v): v is string[] => Array.isArray(v) && v.every((one) => typeof one === "string"),
      "use a list of names of services, or of namespace/service-account",
    ) ?? [];
  return callers.flatMap((caller, i): AllowedCaller[] => {
    const [namespace = "", serviceAccount, ...rest] = caller.split("/");
    if (serviceAccount === undefined) {
      if (!services.includes(caller)) {
        item.problem(
          `allowFrom[${i}]`,
          caller,
          noSuch("service", caller, services, "name one of services, or a namespace/service-account"),
        );
      }
      return [{ service: caller }];
    }
    if (rest.length > 0 || !isDnsLabel(namespace) || !isDnsSubdomain(serviceAccount)) {
      item.problem(`allowFrom[${i}]`, caller, "use the name of a service, or namespace/service-account");
    }
    return [{ namespace, serviceAccount }];
  });
}
