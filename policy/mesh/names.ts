/** Names of Istio and of the Gateway API that more than one file of the rules reads, each declared once. */

/** The labels and annotations that injection looks at. */
export const injectLabel = "sidecar.istio.io/inject";
export const revisionLabel = "istio.io/rev";
export const namespaceLabel = "istio-injection";
export const ambientLabel = "istio.io/dataplane-mode";

/** The label of the pods of a gateway that Istio makes for a Gateway of the Gateway API. */
export const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name";

/** The label of Services and workloads that Istio makes for Gateways of the Gateway API. */
export const managedLabel = "gateway.istio.io/managed";

/** The API group of the Gateway API. */
export const gatewayApiGroup = "gateway.networking.k8s.io";

/** The container of the proxy. */
export const proxyName = "istio-proxy";

/** Where Istio is installed, and the root namespace of its policies, unless its configuration names another. */
export const systemNamespace = "istio-system";
