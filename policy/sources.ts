/** Where the truths come from that the rules state. */
const istio = "https://istio.io/latest/docs";

/** The page of a message of `istioctl analyze`. */
export const analysis = (code: string): string => `${istio}/reference/config/analysis/${code.toLowerCase()}/`;
export const requirements = `${istio}/ops/deployment/application-requirements/`;
export const injection = `${istio}/setup/additional-setup/sidecar-injection/`;
export const injectionProblems = `${istio}/ops/common-problems/injection/`;
export const revisions = `${istio}/setup/upgrade/canary/`;
export const protocols = `${istio}/ops/configuration/traffic-management/protocol-selection/`;
export const trafficPractices = `${istio}/ops/best-practices/traffic-management/`;
export const networkProblems = `${istio}/ops/common-problems/network-issues/`;
export const virtualService = `${istio}/reference/config/networking/virtual-service/`;
export const peerAuthentication = `${istio}/reference/config/security/peer_authentication/`;
export const authorization = `${istio}/reference/config/security/authorization-policy/`;
export const jwtRouting = `${istio}/tasks/security/authentication/jwt-route/`;
export const telemetry = `${istio}/reference/config/telemetry/`;
export const cni = `${istio}/setup/additional-setup/cni/`;
export const podSecurity = "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
export const nativeSidecars = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/";
export const images = "https://kubernetes.io/docs/concepts/containers/images/";
export const services = "https://kubernetes.io/docs/concepts/services-networking/service/";
export const kiali = "https://kiali.io/docs/features/validations/";
export const dashboards = `${istio}/tasks/observability/gateways/`;
export const requestAuthentication = `${istio}/reference/config/security/request_authentication/`;
export const destinationRule = `${istio}/reference/config/networking/destination-rule/`;
export const sidecar = `${istio}/reference/config/networking/sidecar/`;
export const meshConfiguration = `${istio}/reference/config/istio.mesh.v1alpha1/`;
export const healthChecks = `${istio}/ops/configuration/mesh/app-health-check/`;
export const envoyFilter = `${istio}/reference/config/networking/envoy-filter/`;
export const ambientFeatures = `${istio}/ambient/usage/l7-features/`;
export const ambient = `${istio}/ambient/usage/waypoint/`;
export const gatewayApi = "https://gateway-api.sigs.k8s.io/reference/spec/";
