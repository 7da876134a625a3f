import { join } from "node:path";
import type { StatePaths } from "../paths";
import { network, NODE_NAME, ports, SERVICE_ACCOUNT_ISSUER } from "./settings";

/** Asked to learn whether a component works. */
export type Probe =
  | { kind: "https"; url: string; ca?: string; certificate?: string }
  | { kind: "http"; url: string }
  | { kind: "containerd"; socket: string };

/** A long-running process of the cluster. */
export interface Component {
  name: string;
  command: string;
  args: readonly string[];
  /** Configuration files it reads at its start only: when one changes, the process must be restarted. */
  configFiles?: readonly string[];
  probe: Probe;
}

/** The processes, in the order in which they are started. `down` goes backwards. Pure. */
export function components(paths: StatePaths, coreBin: string): Component[] {
  const bin = (name: string): string => join(coreBin, name);
  const pki = (name: string): string => join(paths.pki, name);
  const config = (name: string): string => join(paths.config, name);
  const etcdUrl = `https://127.0.0.1:${ports.etcd}`;
  const etcdPeerUrl = `https://127.0.0.1:${ports.etcdPeer}`;
  return [
    {
      name: "containerd",
      command: "/usr/bin/containerd",
      args: ["--config", config("containerd.toml")],
      configFiles: [config("containerd.toml")],
      probe: { kind: "containerd", socket: paths.containerdSocket },
    },
    {
      name: "etcd",
      command: "/usr/bin/etcd",
      args: [
        `--name=${NODE_NAME}`,
        `--data-dir=${join(paths.data, "etcd")}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${etcdPeerUrl}`,
        `--initial-advertise-peer-urls=${etcdPeerUrl}`,
        `--initial-cluster=${NODE_NAME}=${etcdPeerUrl}`,
        `--cert-file=${pki("etcd.crt")}`,
        `--key-file=${pki("etcd.key")}`,
        `--trusted-ca-file=${pki("etcd-ca.crt")}`,
        "--client-cert-auth",
        `--peer-cert-file=${pki("etcd.crt")}`,
        `--peer-key-file=${pki("etcd.key")}`,
        `--peer-trusted-ca-file=${pki("etcd-ca.crt")}`,
        "--peer-client-cert-auth",
        // What is kept here may be lost with the machine, and a slow disk must not make the cluster slow.
        "--unsafe-no-fsync",
        "--log-level=warn",
        "--logger=zap",
      ],
      probe: {
        kind: "https",
        url: `${etcdUrl}/health`,
        ca: pki("etcd-ca.crt"),
        certificate: pki("apiserver-etcd-client"),
      },
    },
    {
      name: "kube-apiserver",
      command: bin("kube-apiserver"),
      args: [
        `--advertise-address=${network.node}`,
        `--bind-address=${network.node}`,
        `--secure-port=${ports.api}`,
        `--service-cluster-ip-range=${network.services}`,
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        `--client-ca-file=${pki("ca.crt")}`,
        `--tls-cert-file=${pki("apiserver.crt")}`,
        `--tls-private-key-file=${pki("apiserver.key")}`,
        `--kubelet-certificate-authority=${pki("ca.crt")}`,
        `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
        `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
        "--kubelet-preferred-address-types=InternalIP",
        `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
        `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
        "--enable-aggregator-routing=true",
        `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
        `--service-account-key-file=${pki("service-account.key")}`,
        `--service-account-signing-key-file=${pki("service-account.key")}`,
        `--etcd-servers=${etcdUrl}`,
        `--etcd-cafile=${pki("etcd-ca.crt")}`,
        `--etcd-certfile=${pki("apiserver-etcd-client.crt")}`,
        `--etcd-keyfile=${pki("apiserver-etcd-client.key")}`,
        // Debian's etcd is too old to tell the size of what it holds, and would be asked every second; and too old for watches that
        // begin with all there is, which would end with an error each, after which some clients wait for most of a minute.
        "--feature-gates=SizeBasedListCostEstimate=false,WatchList=false",
        "--event-ttl=15m",
        "--profiling=false",
        "--v=1",
      ],
      probe: {
        kind: "https",
        url: `https://${network.node}:${ports.api}/readyz`,
        ca: pki("ca.crt"),
        certificate: pki("admin"),
      },
    },
    {
      name: "kube-controller-manager",
      command: bin("kube-controller-manager"),
      args: [
        `--kubeconfig=${config("controller-manager.kubeconfig")}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.controllerManager}`,
        `--cert-dir=${join(paths.run, "controller-manager")}`,
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        `--service-account-private-key-file=${pki("service-account.key")}`,
        `--root-ca-file=${pki("ca.crt")}`,
        `--cluster-signing-cert-file=${pki("ca.crt")}`,
        `--cluster-signing-key-file=${pki("ca.key")}`,
        `--pv-recycler-pod-template-filepath-hostpath=${config("recycler.json")}`,
        "--profiling=false",
        "--v=1",
      ],
      configFiles: [config("recycler.json")],
      probe: { kind: "https", url: `https://127.0.0.1:${ports.controllerManager}/healthz` },
    },
    {
      name: "kube-scheduler",
      command: bin("kube-scheduler"),
      args: [
        `--kubeconfig=${config("scheduler.kubeconfig")}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.scheduler}`,
        `--cert-dir=${join(paths.run, "scheduler")}`,
        "--leader-elect=false",
        "--profiling=false",
        "--v=1",
      ],
      probe: { kind: "https", url: `https://127.0.0.1:${ports.scheduler}/healthz` },
    },
    {
      name: "kube-proxy",
      command: bin("kube-proxy"),
      args: [`--config=${config("proxy.yaml")}`, "--v=1"],
      configFiles: [config("proxy.yaml")],
      probe: { kind: "http", url: `http://127.0.0.1:${ports.proxyHealth}/livez` },
    },
    {
      name: "kubelet",
      command: bin("kubelet"),
      args: [
        `--config=${config("kubelet.yaml")}`,
        `--kubeconfig=${config("kubelet.kubeconfig")}`,
        `--hostname-override=${NODE_NAME}`,
        `--node-ip=${network.node}`,
        `--root-dir=${paths.kubeletRoot}`,
        `--cert-dir=${join(paths.run, "kubelet-pki")}`,
        "--v=1",
      ],
      configFiles: [config("kubelet.yaml")],
      probe: { kind: "http", url: `http://127.0.0.1:${ports.kubeletHealth}/healthz` },
    },
  ];
}
