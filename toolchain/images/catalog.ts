import { join } from "node:path";
import type { ImageEntry, ImageRecipe } from "./recipe";

/** The registry name of every image that is made here. None of them passes for a published one. */
export const hub = "sandbox.local";

/** Files and versions that the images are made from. */
export interface ImageSources {
  /** Folder with the unpacked packages of the base image. */
  baseFolder: string;
  /** Folder of the programs of Kubernetes and Istio. */
  coreBin: string;
  etcdBin: string;
  /** Folder of the volume provisioner. */
  localPathBin: string;
  envoyBootstrap: string;
  envoy: string;
  httpEcho: string;
  istioTag: string;
  versions: Record<
    "kubernetes" | "etcd" | "coreDns" | "kubeRouter" | "localPath" | "metricsServer" | "httpEcho" | "busybox",
    string
  >;
}

/** User of the images of programs that have none of their own. */
export const NONROOT = 65532;

const ISTIO_USER = 1337;

/** Reference of the image below every other one. It is also the one with a shell and tools. */
export function baseReference(busyboxVersion: string): string {
  return `${hub}/busybox:${busyboxVersion}`;
}

/** An image around one program. */
export interface ProgramImage {
  name: string;
  tag: string;
  /** The program on this machine; it becomes /usr/local/bin/<its name>. */
  program: string;
  /** Default: the name of the image. */
  programName?: string;
  args?: readonly string[];
  /** Default: root. */
  user?: number;
  extra?: readonly ImageEntry[];
}

/** The recipe of an image with one program on the base image. Pure. */
export function programImage(base: string, image: ProgramImage): ImageRecipe {
  const path = `/usr/local/bin/${image.programName ?? image.name}`;
  return {
    reference: `${hub}/${image.name}:${image.tag}`,
    base,
    entries: [{ path, kind: "copy", from: image.program }, ...(image.extra ?? [])],
    entrypoint: [path],
    args: image.args,
    user: image.user,
  };
}

/** References of the images that a node starts with, by part. Pure. */
export function nodeReferences({ versions }: Pick<ImageSources, "versions">) {
  return {
    pause: `${hub}/pause:${versions.kubernetes}`,
    etcd: `${hub}/etcd:${versions.etcd}`,
    coreDns: `${hub}/coredns:${versions.coreDns}`,
    kubeRouter: `${hub}/kube-router:${versions.kubeRouter}`,
    localPath: `${hub}/local-path-provisioner:${versions.localPath}`,
    helper: baseReference(versions.busybox),
  };
}

/** The recipes of the images that a node starts with: the base, the control plane, network and volumes. Pure. */
export function nodeImages(sources: ImageSources): ImageRecipe[] {
  const { versions, coreBin } = sources;
  const base = baseReference(versions.busybox);
  const references = nodeReferences(sources);
  const [first, ...others] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const;
  return [
    baseImage(base, sources.baseFolder),
    // kubeadm names four images. They are one: the program acts by the name that it is called by.
    {
      reference: `${hub}/${first}:${versions.kubernetes}`,
      aliases: others.map((name) => `${hub}/${name}:${versions.kubernetes}`),
      base,
      entries: [
        { path: "/usr/local/bin/kubernetes", kind: "copy", from: join(coreBin, "kubernetes") },
        ...[first, ...others].map((name): ImageEntry => ({
          path: `/usr/local/bin/${name}`,
          kind: "link",
          target: "kubernetes",
        })),
      ],
    },
    {
      reference: references.etcd,
      base,
      entries: [{ path: "/usr/local/bin/etcd", kind: "copy", from: join(sources.etcdBin, "server") }],
    },
    {
      reference: references.coreDns,
      base,
      entries: [{ path: "/coredns", kind: "copy", from: join(coreBin, "coredns") }],
      entrypoint: ["/coredns"],
    },
    {
      reference: references.pause,
      base,
      entries: [],
      entrypoint: ["tini-static", "--", "sleep", "infinity"],
      user: 65535,
    },
    programImage(base, { name: "kube-router", tag: versions.kubeRouter, program: join(coreBin, "kube-router") }),
    programImage(base, {
      name: "local-path-provisioner",
      tag: versions.localPath,
      program: join(sources.localPathBin, "local-path-provisioner"),
    }),
  ];
}

/** The recipes of the images that a mesh starts with, and of the one that measures pods. Pure. */
export function meshImages(sources: ImageSources): ImageRecipe[] {
  const { coreBin, istioTag, versions } = sources;
  const base = baseReference(versions.busybox);
  return [
    programImage(base, {
      name: "pilot",
      tag: istioTag,
      program: join(coreBin, "pilot-discovery"),
      programName: "pilot-discovery",
      user: ISTIO_USER,
    }),
    {
      ...programImage(base, {
        name: "proxyv2",
        tag: istioTag,
        program: join(coreBin, "pilot-agent"),
        programName: "pilot-agent",
        user: ISTIO_USER,
        // Where the agent looks for them.
        extra: [
          { path: "/usr/local/bin/envoy", kind: "copy", from: sources.envoy },
          { path: "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json", kind: "copy", from: sources.envoyBootstrap },
        ],
      }),
      ownFolder: "/etc/istio/proxy",
    },
    programImage(base, { name: "http-echo", tag: versions.httpEcho, program: sources.httpEcho, user: NONROOT }),
    programImage(base, {
      name: "metrics-server",
      tag: versions.metricsServer,
      program: join(coreBin, "metrics-server"),
      user: NONROOT,
    }),
  ];
}

/** The recipe of istio-cni's node agent: the agent, and the plugin that it puts on the node. Pure. */
export function cniImage(base: string, binDir: string, istioTag: string): ImageRecipe {
  return programImage(base, {
    name: "install-cni",
    tag: istioTag,
    program: join(binDir, "install-cni"),
    extra: [{ path: "/opt/cni/bin/istio-cni", kind: "copy", from: join(binDir, "istio-cni") }],
  });
}

/** Applets of busybox that get a name of their own. */
const applets =
  "awk basename cat chmod chown cp cut date df dirname du echo env false find grep head hostname httpd id kill ln ls mkdir mktemp " +
  "mv nc netstat nslookup ping ps readlink rm sed sh sleep sort stat tail tee test timeout top touch tr true uname uniq vi wc wget xargs";

function baseImage(reference: string, folder: string): ImageRecipe {
  const link = (name: string, target: string): ImageEntry => ({ path: `/usr/${name}`, kind: "link", target });
  return {
    reference,
    entries: [
      { path: "/", kind: "copy", from: folder },
      ...applets.split(" ").map((name) => link(`bin/${name}`, "busybox")),
      // What Debian's alternatives would do.
      ...["iptables", "ip6tables"].flatMap((family) =>
        ["", "-save", "-restore"].map((verb) => link(`sbin/${family}${verb}`, "xtables-nft-multi")),
      ),
      {
        path: "/etc/passwd",
        kind: "text",
        text: [
          "root:x:0:0:root:/root:/bin/sh",
          `istio-proxy:x:${ISTIO_USER}:${ISTIO_USER}:istio-proxy:/home/istio-proxy:/bin/sh`,
          `nonroot:x:${NONROOT}:${NONROOT}:nonroot:/tmp:/bin/sh`,
          "",
        ].join("\n"),
      },
      { path: "/etc/group", kind: "text", text: `root:x:0:\nistio-proxy:x:${ISTIO_USER}:\nnonroot:x:${NONROOT}:\n` },
      { path: "/tmp", kind: "folder", mode: 0o1777 },
      { path: "/run", kind: "folder" },
    ],
    args: ["/bin/sh"],
  };
}
