import { z } from "zod";
import { isDnsLabel, isDnsSubdomain } from "../components/validation";
import type { Notes } from "./configReader";
import { isTexts, noSuch } from "./schema";

/** Who may call a service: another one of `services`, or a service account anywhere in the mesh. */
export type AllowedCaller = { service: string } | { namespace: string; serviceAccount: string };

/** Key of an item of `services`: who may call it, besides the gateway where it has a path. */
export const accessShape = {
  allowFrom: z
    .custom<string[]>(isTexts, "use a list of names of services, or of namespace/service-account")
    .default([]),
};

/** @returns who may call a service. `services` are the names of all. */
export function completeAccess(callers: readonly string[], notes: Notes, services: readonly string[]): AllowedCaller[] {
  return callers.map((caller, i): AllowedCaller => {
    const at = notes.in("allowFrom").in(i);
    const [namespace = "", serviceAccount, ...rest] = caller.split("/");
    if (serviceAccount === undefined) {
      if (!services.includes(caller)) {
        const otherwise = "name one of services, or a namespace/service-account";
        at.noteHere(caller, noSuch("service", caller, services, otherwise));
      }
      return { service: caller };
    }
    if (rest.length > 0 || !isDnsLabel(namespace) || !isDnsSubdomain(serviceAccount)) {
      at.noteHere(caller, "use the name of a service, or namespace/service-account");
    }
    return { namespace, serviceAccount };
  });
}
