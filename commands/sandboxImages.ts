import { isMap } from "../common/isMap";
import { addIstioCni, addRateLimit } from "../toolchain";
import type { ObservabilityGroup } from "../toolchain";

/** @returns true if a service has a global rate limit, whether or not it is a good one. */
export function asksForRateLimit(services: unknown): boolean {
  return Array.isArray(services) && services.some((service) => isMap(service) && "globalRateLimit" in service);
}

/**
 * @returns the programs that observe a mesh, as far as the stack installs them: a first build of one takes minutes. fortio is made always,
 * `npm run traffic` and the bench of `verify` run it. `config` is keyed without our namespace.
 */
export function wantedPrograms(config: Record<string, unknown>): ObservabilityGroup[] {
  const installs = (key: string, name: string) => [undefined, "", "auto", name].includes(config[key] as string);
  return [
    "fortio",
    ...(installs("metricsBackend", "prometheus") ? (["prometheus"] as const) : []),
    ...(installs("tracingBackend", "jaeger") ? (["jaeger"] as const) : []),
    // The collector's agents send logs to any backend.
    ...(config.logsBackend === "none" ? [] : (["otelcol"] as const)),
    ...(installs("logsBackend", "loki") ? (["loki"] as const) : []),
  ];
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
