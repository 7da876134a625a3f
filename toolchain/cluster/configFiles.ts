import { join } from "node:path";
import { stringify } from "yaml";
import type { StatePaths } from "../paths";
import { CGROUP, CNI_BIN, network, NODE_NAME, ports } from "./settings";

/** containerd's configuration: everything of its own, so that another containerd on the machine is not disturbed. Pure. */
export function containerdConfig(paths: StatePaths, pauseImage: string): string {
  const cri = "io.containerd.grpc.v1.cri";
  return `version = 2
root = "${paths.containerdRoot}"
state = "${join(paths.run, "containerd")}"
oom_score = 0
# Snapshotters that need file systems or devices of their own; "opt" would make /opt/containerd.
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt",
]

[grpc]
  address = "${paths.containerdSocket}"

[ttrpc]
  address = "${paths.containerdSocket}.ttrpc"

[debug]
  level = "warn"

[plugins."${cri}"]
  sandbox_image = "${pauseImage}"
  # Without CAP_SYS_RESOURCE a process cannot be made less likely to be killed, and no container would start.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

  [plugins."${cri}".cni]
    bin_dir = "${CNI_BIN}"
    conf_dir = "${join(paths.config, "cni")}"

  [plugins."${cri}".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."${cri}".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."${cri}".containerd.runtimes.runc.options]
        BinaryName = "/usr/sbin/runc"
        Root = "${join(paths.run, "runc")}"
`;
}

/** The name of the pods' network; CNI names its files after it. */
export const CNI_NETWORK = "sidecar-mesh-sandbox";

/** How pods get their network. Pure. */
export function cniConfig(paths: StatePaths): object {
  return {
    cniVersion: "0.4.0",
    name: CNI_NETWORK,
    plugins: [
      {
        type: "bridge",
        bridge: network.bridge,
        isGateway: true,
        // Masquerading is one rule for the whole block, made with the bridge.
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: join(paths.run, "ipam"),
          ranges: [[{ subnet: network.pods, gateway: network.node }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      {
        type: "portmap",
        capabilities: { portMappings: true },
        snat: true,
        // A hostPort answers on the node's own address, not on those other machines can reach.
        conditionsV4: ["-d", network.node],
      },
    ],
  };
}

/** kubelet's configuration. Pure. */
export function kubeletConfig(paths: StatePaths, resolvConf: string): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.node,
    port: ports.kubelet,
    healthzBindAddress: "127.0.0.1",
    healthzPort: ports.kubeletHealth,
    containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(paths.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(paths.pki, "kubelet-server.crt"),
    tlsPrivateKeyFile: join(paths.pki, "kubelet-server.key"),
    clusterDNS: [network.dnsService],
    clusterDomain: "cluster.local",
    resolvConf,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${CGROUP}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    maxPods: 250,
    serializeImagePulls: false,
    // The images cannot be pulled again, so they are never collected, and a full disk is the only reason to evict.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    containerLogMaxSize: "5Mi",
    containerLogMaxFiles: 3,
    podLogsDir: join(paths.logs, "pods"),
    volumePluginDir: join(paths.kubeletRoot, "volume-plugins"),
    // Faster than the default where a node has few pods and someone waits for them.
    nodeStatusUpdateFrequency: "5s",
  });
}

/** kube-proxy's configuration. Pure. */
export function proxyConfig(paths: StatePaths): string {
  return stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    hostnameOverride: NODE_NAME,
    clientConnection: { kubeconfig: join(paths.config, "proxy.kubeconfig") },
    clusterCIDR: network.pods,
    // NodePorts answer on the bridge's address and no other.
    nodePortAddresses: [`${network.node}/32`],
    healthzBindAddress: `127.0.0.1:${ports.proxyHealth}`,
    metricsBindAddress: `127.0.0.1:${ports.proxyMetrics}`,
    oomScoreAdj: 0,
    iptables: { localhostNodePorts: false, minSyncPeriod: "200ms" },
    // The machine's connection tracking is left as it is.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}
