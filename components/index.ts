/**
 * What other programs use: `import { SidecarMesh } from "sidecar-mesh"`. No component reads configuration, and each passes providers and
 * transformations on to its children. docs/components.md has examples.
 */
export { IngressRoutes } from "./ingressRoutes";
export type { IngressRoute, IngressRoutesArgs } from "./ingressRoutes";
export { Istio } from "./istio";
export type { Injector, IstioArgs } from "./istio";
export type { CanaryControlPlane, GatewaySettings, IstioImages, Scaling } from "./istioValues";
export { MeshNamespace } from "./meshNamespace";
export type { MeshNamespaceArgs, PodSecurity } from "./meshNamespace";
export { MeshService } from "./meshService";
export type { MeshServiceArgs } from "./meshService";
export { Observability } from "./observability/observability";
export type { LogsChoice, MetricsChoice, ObservabilityArgs, TracingChoice } from "./observability/observability";
export type { DashboardEndpoint, DashboardName, ExposedRoute } from "./observability/endpoints";
export { SidecarMesh } from "./sidecarMesh";
export type { ApplicationService, MeshApplication, SidecarMeshArgs } from "./sidecarMesh";
export { TrafficPolicy } from "./trafficPolicy";
export type { CircuitBreaker, TrafficPolicyArgs } from "./trafficPolicy";
export { images } from "./versions";
export type { ImageName, ImageTable } from "./versions";
