/**
 * What other programs use: `import { SidecarMesh } from "sidecar-mesh-components"`. No component reads configuration,
 * and each passes providers and transformations on to its children. docs/packages.md has examples.
 *
 * Pulumi's analyzer makes the schema for other languages of the args and outputs of these classes. It takes interfaces,
 * arrays, maps, inputs, and constant objects with a type of the same name as enums. It takes no union, no inline
 * object, and nothing that is derived with `Omit` or `Pick`. It passes over accessors. Packing fails where it does not
 * take a type.
 */
export { LogProtocol } from "./collectorConfig";
export type { CollectorBackend } from "./collectorConfig";
export { IngressApi, IngressRoutes } from "./ingressRoutes";
export type { IngressRoute, IngressRoutesArgs } from "./ingressRoutes";
export { Injector, Istio } from "./istio";
export type { IstioArgs } from "./istio";
export { MutualTlsMode } from "./istioApi/peerAuthentication";
export { OutboundTraffic, ServiceType } from "./istioValues";
export type { CanaryControlPlane, CniFolders, GatewayArgs, IstioImages, NodePorts, Scaling } from "./istioValues";
export { MeshNamespace, PodSecurity } from "./meshNamespace";
export type { MeshNamespaceArgs } from "./meshNamespace";
export { MeshService } from "./meshService";
export type { MeshServiceArgs, ServiceSettings, ServiceVersion } from "./meshService";
export { Observability } from "./observability/observability";
export { AlertsKind, LogsKind, MetricsKind } from "./observability/observabilityArgs";
export type {
  AlertsChoice,
  BackendImages,
  GrafanaSettings,
  KialiSettings,
  LogsChoice,
  MetricsChoice,
  ObservabilityArgs,
  ObservabilitySettings,
  TracingChoice,
} from "./observability/observabilityArgs";
export type { PodSizing, Sizing } from "./observability/backend";
export type { DashboardEndpoint, DashboardName, Dashboards, ExposedRoute } from "./observability/endpoints";
export { KialiAuth } from "./observability/kiali";
export { TracingKind } from "./observability/tracing";
export { TraceStorageKind } from "./observability/tracing/tracingBackend";
export type { TraceStorage } from "./observability/tracing/tracingBackend";
export { LokiStorageKind } from "./observability/loki";
export type { LokiStorage } from "./observability/loki";
export { RateLimitUnit } from "./rateLimit/globalRateLimit";
export { SidecarMesh } from "./sidecarMesh";
export type { ApplicationService, MeshApplication, SidecarMeshArgs } from "./sidecarMesh";
export { TrafficPolicy } from "./trafficPolicy";
export type { CircuitBreaker, ServiceLimits, TrafficPolicyArgs } from "./trafficPolicy";
export { images } from "./versions";
export type { ImageName, ImageTable } from "./versions";
