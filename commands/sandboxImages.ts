import { isObject } from "../stacks/configReader";
import { addRateLimit } from "../sandbox";

/** @returns true if a service has a global rate limit, whether or not it is a good one. */
export function asksForRateLimit(services: unknown): boolean {
  return Array.isArray(services) && services.some((service) => isObject(service) && "globalRateLimit" in service);
}

/** Gives the embedded cluster the images that only some configurations need. `services` is what config holds. */
export async function addWantedImages(services: unknown, log: (line: string) => void): Promise<void> {
  if (asksForRateLimit(services)) {
    await addRateLimit({ log });
  }
}
