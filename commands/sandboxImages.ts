import { isObject } from "../stacks/configReader";
import { addIstioCni, addRateLimit } from "../toolchain";

/** @returns true if a service has a global rate limit, whether or not it is a good one. */
export function asksForRateLimit(services: unknown): boolean {
  return Array.isArray(services) && services.some((service) => isObject(service) && "globalRateLimit" in service);
}

/** Gives the embedded cluster the images that only some configurations need. `config` is keyed without our namespace. */
export async function addWantedImages(config: Record<string, unknown>, log: (line: string) => void): Promise<void> {
  if (asksForRateLimit(config.services)) {
    await addRateLimit({ log });
  }
  if (String(config.istioCni) === "true") {
    await addIstioCni({ log });
  }
}
