import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ImageEntry, ImageRecipe } from "./recipe";
import { sharedLibraries } from "./sharedLibraries";

/** The registry name every image of the sandbox bears, so that none passes for a published one. */
export const hub = "sandbox.local";

/** Files the images are made from. */
export interface ImageSources {
  coreBin: string;
  envoyBootstrap: string;
  envoy: string;
  httpEcho: string;
  busybox: string;
  istioTag: string;
  coreDnsVersion: string;
  httpEchoVersion: string;
  busyboxVersion: string;
}

/** An image around one static program. */
export interface ProgramImage {
  name: string;
  tag: string;
  /** The program on this machine; it becomes /usr/local/bin/<its name>. */
  program: string;
  programName?: string;
  args?: readonly string[];
  user: number;
  /** Anything beyond the program, certificates, users and a /tmp. */
  extra?: readonly ImageEntry[];
}

/** The recipe of an image that holds one static program and what any program may look for. Pure. */
export function programImage(image: ProgramImage): ImageRecipe {
  const path = `/usr/local/bin/${image.programName ?? image.name}`;
  return {
    reference: `${hub}/${image.name}:${image.tag}`,
    entries: [{ path, kind: "copy", from: image.program }, ...baseEntries, ...(image.extra ?? [])],
    entrypoint: [path],
    args: image.args,
    user: `${image.user}:${image.user}`,
  };
}

const ISTIO_USER = 1337;
const NOBODY = 65532;

const baseEntries: readonly ImageEntry[] = [
  {
    path: "/etc/passwd",
    kind: "text",
    text: [
      "root:x:0:0:root:/root:/bin/sh",
      `istio-proxy:x:${ISTIO_USER}:${ISTIO_USER}:istio-proxy:/home/istio-proxy:/bin/sh`,
      `nonroot:x:${NOBODY}:${NOBODY}:nonroot:/tmp:/bin/sh`,
      "",
    ].join("\n"),
  },
  {
    path: "/etc/group",
    kind: "text",
    text: `root:x:0:\nistio-proxy:x:${ISTIO_USER}:\nnonroot:x:${NOBODY}:\n`,
  },
  { path: "/etc/ssl/certs/ca-certificates.crt", kind: "copy", from: "/etc/ssl/certs/ca-certificates.crt", mode: 0o644 },
  { path: "/tmp", kind: "folder", mode: 0o1777 },
];

/** The recipes of the images without which there is no node: a pod's own, CoreDNS, and what volumes are emptied with. */
export function nodeImages(sources: ImageSources): ImageRecipe[] {
  return [
    pauseImage(sources),
    programImage({
      name: "coredns",
      tag: sources.coreDnsVersion,
      program: join(sources.coreBin, "coredns"),
      user: NOBODY,
    }),
    busyboxImage(sources),
  ];
}

/** The recipes of the images that a mesh starts with. */
export async function meshImages(sources: ImageSources): Promise<ImageRecipe[]> {
  return [
    programImage({
      name: "pilot",
      tag: sources.istioTag,
      program: join(sources.coreBin, "pilot-discovery"),
      programName: "pilot-discovery",
      user: ISTIO_USER,
    }),
    await proxyImage(sources),
    programImage({ name: "http-echo", tag: sources.httpEchoVersion, program: sources.httpEcho, user: NOBODY }),
  ];
}

/** Name of the image that holds a pod's namespaces open. */
export function pauseReference(busyboxVersion: string): string {
  return `${hub}/pause:${busyboxVersion}`;
}

function pauseImage(sources: ImageSources): ImageRecipe {
  return {
    reference: pauseReference(sources.busyboxVersion),
    entries: [{ path: "/bin/sleep", kind: "copy", from: sources.busybox }],
    // busybox is the program it is called by.
    entrypoint: ["/bin/sleep", "infinity"],
    user: "65535:65535",
  };
}

/** A shell and tools: for init containers, log scrapers, and for looking into a pod. */
function busyboxImage(sources: ImageSources): ImageRecipe {
  const applets = [
    ..."sh ls cat echo env id ps sleep tail head grep sed awk cut tr wc sort uniq date touch mkdir rm cp mv ln chmod chown".split(
      " ",
    ),
    ..."wget nc nslookup ping ip netstat hostname find xargs tee test true false stat df du kill top vi httpd".split(
      " ",
    ),
  ];
  return {
    reference: `${hub}/busybox:${sources.busyboxVersion}`,
    entries: [
      { path: "/bin/busybox", kind: "copy", from: sources.busybox },
      ...applets.map((name): ImageEntry => ({ path: `/bin/${name}`, kind: "link", target: "busybox" })),
      ...baseEntries,
    ],
    entrypoint: [],
    args: ["/bin/sh"],
    user: `${NOBODY}:${NOBODY}`,
  };
}

const sbin = "/usr/sbin";
const xtablesFolder = "/usr/lib/x86_64-linux-gnu/xtables";

/** iptables in both its forms, laid out where Istio's agents look for it. `programs` are others of the image that want their libraries. */
async function iptablesEntries(programs: readonly string[] = []): Promise<ImageEntry[]> {
  const multi = { nft: `${sbin}/xtables-nft-multi`, legacy: `${sbin}/xtables-legacy-multi` };
  const libraries = await sharedLibraries([...programs, multi.nft, multi.legacy]);
  const extensions = (await readdir(xtablesFolder)).filter((name) => name.endsWith(".so"));
  const copy = (path: string): ImageEntry => ({ path, kind: "copy", from: path, mode: 0o755 });
  return [
    ...libraries.map(copy),
    copy(multi.nft),
    copy(multi.legacy),
    ...extensions.map((name) => copy(`${xtablesFolder}/${name}`)),
    ...["iptables", "ip6tables"].flatMap((family) =>
      ["", "-save", "-restore"].flatMap((verb): ImageEntry[] => [
        { path: `${sbin}/${family}${verb}`, kind: "link", target: "xtables-nft-multi" },
        { path: `${sbin}/${family}-nft${verb}`, kind: "link", target: "xtables-nft-multi" },
        { path: `${sbin}/${family}-legacy${verb}`, kind: "link", target: "xtables-legacy-multi" },
      ]),
    ),
    // iptables-legacy keeps its lock here.
    { path: "/run", kind: "folder" },
  ];
}

/** The recipe of the node agent's image: the agent, and the plugin that it puts on the node. */
export async function cniImage(binDir: string, istioTag: string): Promise<ImageRecipe> {
  return programImage({
    name: "install-cni",
    tag: istioTag,
    program: join(binDir, "install-cni"),
    // The chart says so, too: it writes into folders of the node.
    user: 0,
    extra: [
      { path: "/opt/cni/bin/istio-cni", kind: "copy", from: join(binDir, "istio-cni"), mode: 0o755 },
      ...(await iptablesEntries()),
    ],
  });
}

/** Istio's agent and Envoy, and iptables for the init container, laid out where the agent looks for them. */
async function proxyImage(sources: ImageSources): Promise<ImageRecipe> {
  const copy = (path: string, from: string, mode = 0o755): ImageEntry => ({ path, kind: "copy", from, mode });
  const entries: ImageEntry[] = [
    copy("/usr/local/bin/pilot-agent", join(sources.coreBin, "pilot-agent")),
    copy("/usr/local/bin/envoy", sources.envoy),
    copy("/var/lib/istio/envoy/envoy_bootstrap_tmpl.json", sources.envoyBootstrap, 0o644),
    ...(await iptablesEntries([sources.envoy])),
    { path: "/etc/istio/proxy", kind: "folder", uid: ISTIO_USER },
    ...baseEntries,
  ];
  return {
    reference: `${hub}/proxyv2:${sources.istioTag}`,
    entries,
    entrypoint: ["/usr/local/bin/pilot-agent"],
    user: `${ISTIO_USER}:${ISTIO_USER}`,
  };
}
