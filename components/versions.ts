import { tracingImages } from "./observability/tracing";

/**
 * The one table of what the stack is made of. A version is pinned here, one of a tracing backend in the file of that,
 * and nowhere else.
 */

/** Istio's release; charts and images carry the same number. */
export const istioVersion = "1.31.4";

/**
 * Where Istio publishes its Helm charts (`base`, `istiod`, `gateway`). Up to 1.30 they were at
 * istio-release.storage.googleapis.com: https://istio.io/latest/news/releases/1.31.x/announcing-1.31/upgrade-notes/
 */
export const istioChartRepo = "https://blob.istio.io/istio-release/charts";

/**
 * Registry and path that hold Istio's images `pilot` and `proxyv2`. Since 1.31 registry.istio.io and gcr.io get none.
 */
export const istioHub = "docker.io/istio";

/** Images of everything that is not Istio itself, each with its version. */
export const images = {
  httpEcho: "hashicorp/http-echo:1.0.0",
  prometheus: "prom/prometheus:v3.10.0",
  // The last whose page can be built without npm, as the cluster tests do.
  alertmanager: "prom/alertmanager:v0.31.1",
  ...tracingImages,
  loki: "grafana/loki:3.6.7",
  collector: "otel/opentelemetry-collector-contrib:0.149.0",
  kiali: "quay.io/kiali/kiali:v2.27",
  grafana: "grafana/grafana:12.0.1",
  fortio: "fortio/fortio:1.67.0",
  busybox: "busybox:1.37.0",
  // Its tags are commits, the first eight digits.
  rateLimit: "envoyproxy/ratelimit:3fb70258",
  redis: "redis:7.2.11-alpine",
} as const;

/** Name of an image in {@link images}. */
export type ImageName = keyof typeof images;

/** A complete set of image references, as a profile may override them. */
export type ImageTable = Readonly<Record<ImageName, string>>;
