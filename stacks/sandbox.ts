import { dev } from "./dev";
import type { Profile } from "./profile";

/**
 * The embedded cluster: `dev` on images that were built on the machine itself. They carry a hub of their own, because they are not
 * the releases whose place they take; and their Envoy is the upstream one, without Istio's filters.
 */
export const sandbox: Profile = {
  ...dev,
  name: "sandbox",
  istio: {
    ...dev.istio,
    istiodEnv: { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" },
    telemetryFilter: false,
  },
  observability: {
    ...dev.observability,
    // There is no build of either in the registries that the sandbox is made from.
    kiali: false,
    grafana: false,
    statsAccessLog: true,
  },
  images: {
    ...dev.images,
    httpEcho: "sandbox.local/http-echo:1.0.0",
    prometheus: "sandbox.local/prometheus:0.316.0",
    jaeger: "sandbox.local/jaeger:1.62.0",
    loki: "sandbox.local/loki:3.7.8",
    collector: "sandbox.local/otelcol:0.149.0",
    fortio: "sandbox.local/fortio:1.67.0",
    busybox: "sandbox.local/busybox:1.35.0",
    rateLimit: "sandbox.local/ratelimit:3fb70258",
    redis: "sandbox.local/redis:7.0.15",
  },
};
