import type { StackConfig } from "../stacks/config";
import { addIstioCni, addRateLimit } from "../toolchain";
import type { ObservabilityGroup } from "../toolchain";
import type { Watched } from "./firstUpdate";

/**
 * @returns the programs that observe a mesh or make its traffic, as far as the stack installs them: a first build of one takes minutes. The
 * bench of `npm run verify` makes fortio for itself.
 */
export function wantedPrograms({ services, load, observability }: Watched): ObservabilityGroup[] {
  const { metrics, tracing, logs } = observability;
  return [
    ...(load || services.some(({ calls }) => calls.length > 0) ? (["fortio"] as const) : []),
    ...(metrics.kind === "prometheus" ? (["prometheus"] as const) : []),
    ...(metrics.kind === "prometheus" && metrics.alerts?.kind === "alertmanager" ? (["alertmanager"] as const) : []),
    ...(tracing.kind === "jaeger" ? (["jaeger"] as const) : []),
    // The collector's agents send logs to any backend.
    ...(logs.kind === "none" ? [] : (["otelcol"] as const)),
    ...(logs.kind === "loki" ? (["loki"] as const) : []),
  ];
}

/** Gives the embedded cluster the images that only some configurations need. */
export async function addWantedImages(
  { rateLimit, istio }: Pick<StackConfig, "rateLimit" | "istio">,
  log: (line: string) => void,
): Promise<void> {
  if (rateLimit.limits.length > 0) {
    await addRateLimit({ log, redis: rateLimit.redis === undefined });
  }
  if (istio.cni) {
    await addIstioCni({ log });
  }
}
