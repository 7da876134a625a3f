import { isGuarded } from "../../components/guards";
import { callLog } from "../../components/loadGenerator";
import type { StackConfig } from "../../stacks/config";
import { curl } from "../../stacks/curl";
import type { ObservabilityGroup } from "../../toolchain";
import { timeText } from "../../toolchain";

/** The configuration, as far as it says what runs beside the services. */
export type Watched = Pick<StackConfig, "services" | "load" | "observability">;

/** What programs are to a reader. */
const titles: Record<ObservabilityGroup, string> = {
  prometheus: "Prometheus",
  alertmanager: "Alertmanager",
  jaeger: "Jaeger",
  loki: "Loki",
  otelcol: "the log collector",
  fortio: "the load generator",
};

/**
 * @returns those of the programs without which the services' pods would not start, or would not be what they are
 * declared to be.
 */
export function neededForTraffic({ services }: Pick<Watched, "services">): ObservabilityGroup[] {
  return [
    // A service's calls of others are made by fortio, in its own pod.
    ...(services.some(({ calls }) => calls.length > 0) ? (["fortio"] as const) : []),
    // The folder that such a service writes to comes with the collector that reads it, which wants its store. The log
    // of the load generator's requests is none of the application's, and goes with the store.
    ...(services.some(({ logFiles }) => logFiles && logFiles.folder !== callLog.folder)
      ? (["otelcol", "loki"] as const)
      : []),
    // A service's objective is rules of the stack's own Prometheus.
    ...(services.some(({ slo }) => slo) ? (["prometheus"] as const) : []),
  ];
}

/**
 * @param later Programs that are not there yet.
 * @returns the settings of a first update that does without them. All else is as configured, so that the update after
 * it only adds.
 */
export function settingsWithout(later: readonly ObservabilityGroup[]): Record<string, string> {
  const lacks = (...names: ObservabilityGroup[]) => names.some((name) => later.includes(name));
  return {
    // Keys that only make sense with a backend are refused without it.
    ...(lacks("prometheus") && {
      metricsBackend: "none",
      metricsRetention: "auto",
      metricsVolume: "auto",
      metricsRemoteWrite: "[]",
      alertmanagerUrl: "auto",
      kiali: "false",
    }),
    ...(lacks("prometheus", "alertmanager") && { alertWebhookUrl: "auto" }),
    ...(lacks("jaeger") && {
      tracingBackend: "none",
      tracingSampling: "auto",
      tracingStorage: "auto",
      tracingStorageUrl: "auto",
    }),
    ...(lacks("otelcol", "loki") && {
      logsBackend: "none",
      logsUrl: "auto",
      logsRetention: "auto",
      logsVolume: "auto",
      logsBucket: "auto",
      logsBucketRegion: "auto",
      logsBucketUrl: "auto",
      podLogsFolder: "auto",
    }),
    // It shows what the others keep.
    ...(lacks("prometheus", "jaeger", "otelcol", "loki") && { grafana: "false" }),
    ...(lacks("fortio") && { loadGenerator: "false", loadGeneratorRate: "auto" }),
  };
}

/**
 * @param seconds That it takes until the rest is there.
 * @returns what is said once traffic passes.
 */
export function trafficText(
  { gateway, services }: Pick<StackConfig, "gateway" | "services">,
  gatewayUrl: string | undefined,
  later: readonly ObservabilityGroup[],
  seconds: number,
): string {
  const path = services.find((service) => service.path !== undefined && !isGuarded(service, service.path))?.path;
  const request =
    gatewayUrl === undefined || path === undefined
      ? "the services are up"
      : `traffic passes: ${curl({ url: gatewayUrl, ...gateway }, path)}`;
  return `${request}\n${followText(later, seconds)}`;
}

function followText(later: readonly ObservabilityGroup[], seconds: number): string {
  const names = later.map((name) => titles[name]);
  const list = [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(" and ");
  const when = timeText(seconds);
  return `${list[0]!.toUpperCase()}${list.slice(1)} ${names.length > 1 ? "follow" : "follows"} in ${when}`;
}
