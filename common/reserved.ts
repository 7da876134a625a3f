/** Namespaces that Kubernetes makes for itself. */
export const kubernetesNamespaces: readonly string[] = ["kube-system", "kube-public", "kube-node-lease"];

/** Ports that Istio's proxy listens on in each pod, as Istio's page on application requirements lists them. */
export const proxyPorts: readonly number[] = [15000, 15001, 15002, 15004, 15006, 15008, 15020, 15021, 15053, 15090];
