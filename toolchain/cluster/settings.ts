/**
 * The cluster's addresses. One block holds all of them, so that a single firewall rule keeps everything in it away from other
 * machines, and a single look at the routes tells whether it is free.
 */
export const network = {
  bridge: "mesh-sandbox",
  block: "10.199.0.0/16",
  pods: "10.199.0.0/17",
  services: "10.199.128.0/17",
  /** The bridge's address: the node, the API server, and the pods' gateway. */
  node: "10.199.0.1",
  prefixLength: 17,
  /** First of the service range: the API server as pods see it. */
  apiService: "10.199.128.1",
  dnsService: "10.199.128.10",
} as const;

/** Ports of the components, each on one address of this machine only. */
export const ports = {
  api: 6443,
  etcd: 2379,
  etcdPeer: 2380,
  kubelet: 10250,
  kubeletHealth: 10248,
  proxyHealth: 10256,
  proxyMetrics: 10249,
  controllerManager: 10257,
  scheduler: 10259,
} as const;

/** Every address and port that must be free before a start. */
export const listeners: readonly { address: string; port: number; of: string }[] = [
  { address: network.node, port: ports.api, of: "kube-apiserver" },
  { address: "127.0.0.1", port: ports.etcd, of: "etcd" },
  { address: "127.0.0.1", port: ports.etcdPeer, of: "etcd" },
  { address: network.node, port: ports.kubelet, of: "kubelet" },
  { address: "127.0.0.1", port: ports.kubeletHealth, of: "kubelet" },
  { address: "127.0.0.1", port: ports.proxyHealth, of: "kube-proxy" },
  { address: "127.0.0.1", port: ports.proxyMetrics, of: "kube-proxy" },
  { address: "127.0.0.1", port: ports.controllerManager, of: "kube-controller-manager" },
  { address: "127.0.0.1", port: ports.scheduler, of: "kube-scheduler" },
];

export const NODE_NAME = "sandbox";
export const CONTEXT = "sandbox";
/** The control group that holds every pod, and nothing else. */
export const CGROUP = "sidecar-mesh";
export const SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc.cluster.local";

/** Where Debian puts CNI plugins. */
export const CNI_BIN = "/usr/lib/cni";
