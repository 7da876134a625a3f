import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, copyFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Docker } from "../docker/docker";
import { hub, type ImageSources, nodeImages, nodeReferences } from "../images/catalog";
import { buildImages } from "../images/build";
import { fingerprintLabel } from "../images/recipe";
import { debianMirror, ensurePackages } from "../install/debian";
import { dockerPackages, nodePackages } from "../install/pins";
import { makeFolder } from "../system/leftovers";
import type { Logger } from "../system/statusLine";
import { measured, run } from "../system/run";
import { waitFor } from "../system/wait";
import { podNetworkManifest, storageManifest } from "./addonManifests";

/** What the node image is made from. */
export interface NodeImageSources {
  images: ImageSources;
  /** Folder of the group of binaries with kind's and kube-router's files. */
  coreFolder: string;
  /** Folder of Docker's programs, whose containerd the nodes get, too. */
  cache: string;
  /** Settles once the programs are built. What needs none of them is made before. Default: they are. */
  built?: Promise<unknown>;
}

/** Reference of the node image. Pure. */
function nodeImageReference({ versions }: Pick<ImageSources, "versions">): string {
  return `${hub}/kind-node:${versions.kubernetes}`;
}

const entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]';
const containerdPrograms = ["containerd", "ctr", "containerd-shim-runc-v2"];

/** Addresses of Services, as kind has them unless its configuration says otherwise. */
const serviceSubnet = "10.96.0.0/16";

const rootScript = join(__dirname, "nodeRoot.sh");

/** The root file system of a node as one archive, without images. @returns its folder. */
export async function ensureNodeRoot(sources: NodeImageSources, log: Logger): Promise<string> {
  const { images, coreFolder, cache, built } = sources;
  const docker = await ensurePackages(dockerPackages, cache, log);
  const inputs = [coreFolder, docker, nodePackages, readFileSync(rootScript, "utf8"), serviceSubnet];
  const hash = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
  const target = join(cache, "node", hash);
  await makeFolder(target, async (folder) => {
    log("node: installing Debian into a folder");
    const root = join(folder, "root");
    const debootstrap = join(docker, "usr/sbin/debootstrap");
    const args = ["--variant=minbase", `--include=${nodePackages.join(",")}`, "bookworm", root, await debianMirror()];
    const env = { DEBOOTSTRAP_DIR: join(docker, "usr/share/debootstrap") };
    await measured("Debian of the node", () => run(debootstrap, args, { env, timeoutMs: 900_000 }));
    await built;
    await cp(join(coreFolder, "node"), root, { recursive: true });
    for (const name of containerdPrograms) {
      await copyFile(join(docker, "usr/bin", name), join(root, "usr/local/bin", name));
    }
    await copyFile(join(images.coreBin, "kubernetes"), join(root, "usr/bin/kubernetes"));
    await copyFile(join(images.coreBin, "crictl"), join(root, "usr/local/bin/crictl"));
    await chmod(join(root, "usr/bin/kubernetes"), 0o755);
    await run("sh", [rootScript, root, images.versions.kubernetes, serviceSubnet], { timeoutMs: 300_000 });
    await run("tar", ["-C", root, "-cf", join(folder, "root.tar"), "."], { timeoutMs: 300_000 });
    await rm(root, { recursive: true });
  });
  return target;
}

/**
 * Makes the node image with the images of the control plane in it, unless Docker has it.
 * @returns its reference.
 */
export async function ensureNodeImage(docker: Docker, sources: NodeImageSources, log: Logger): Promise<string> {
  const { images, coreFolder, cache } = sources;
  const recipes = nodeImages(images);
  await buildImages(docker, recipes, cache, log);
  const manifests = {
    "default-cni.yaml": podNetworkManifest(
      await readFile(join(coreFolder, "kube-router.yaml"), "utf8"),
      nodeReferences(images).kubeRouter,
    ),
    "default-storage.yaml": storageManifest(await readFile(join(coreFolder, "const_storage.go"), "utf8"), {
      provisioner: nodeReferences(images).localPath,
      helper: nodeReferences(images).helper,
    }),
  };
  const folder = await ensureNodeRoot(sources, log);
  const references = recipes.flatMap(({ reference, aliases = [] }) => [reference, ...aliases]);
  const ids = await docker.run(["image", "inspect", "--format", "{{.Id}}", ...references]);
  const label = createHash("sha256")
    .update(JSON.stringify([folder, ids, manifests]))
    .digest("hex")
    .slice(0, 32);
  const reference = nodeImageReference(images);
  const format = `{{index .Config.Labels "${fingerprintLabel}"}}`;
  const present = await docker.tryRun(["image", "inspect", "--format", format, reference]);
  if (present.code === 0 && present.stdout.trim() === label) {
    return reference;
  }
  log(`image ${reference}`);
  const root = `${hub}/kind-node-root:${images.versions.kubernetes}`;
  await writeFile(
    join(folder, "Dockerfile"),
    // systemd ends on this signal, and sees by the variable that it is in a container. As in kind's own Dockerfile.
    `FROM scratch\nADD root.tar /\nENV container=docker\nSTOPSIGNAL SIGRTMIN+3\n${entrypoint}\n`,
  );
  await docker.run(["build", "--quiet", "--tag", root, folder], { env: { DOCKER_BUILDKIT: "0" }, timeoutMs: 600_000 });
  await bake(docker, { root, reference, references, manifests, label });
  return reference;
}

/** Puts images and manifests into the root, in a container, as `kind build node-image` does. */
async function bake(
  docker: Docker,
  image: {
    root: string;
    reference: string;
    references: readonly string[];
    manifests: Record<string, string>;
    label: string;
  },
): Promise<void> {
  const args = ["run", "--detach", "--privileged", "--network=none", "--entrypoint=sleep", image.root, "infinity"];
  const container = (await docker.run(args)).trim();
  const inside = (...command: string[]) => docker.run(["exec", container, ...command]);
  try {
    for (const [name, text] of Object.entries(image.manifests)) {
      await docker.run(["exec", "--interactive", container, "sh", "-c", `cat > /kind/manifests/${name}`], {
        input: text,
      });
    }
    await docker.run(["exec", "--detach", container, "containerd"]);
    const ctr = ["ctr", "--namespace=k8s.io"];
    await waitFor(
      "containerd",
      async () => {
        const { code, stderr } = await docker.tryRun(["exec", container, "ctr", "info"]);
        return code === 0 ? undefined : stderr.trim();
      },
      { timeoutMs: 60_000 },
    );
    const script =
      `docker save "$@" | docker exec --interactive ${container} ` +
      `${ctr.join(" ")} images import --label=io.cri-containerd.pinned=pinned --all-platforms --no-unpack --digests -`;
    await run("bash", ["-o", "pipefail", "-ec", script, "save", ...image.references], {
      env: docker.env,
      timeoutMs: 600_000,
    });
    await inside("pkill", "containerd");
    await docker.run([
      "commit",
      ...["--change", entrypoint, "--change", `LABEL ${fingerprintLabel}=${image.label}`],
      container,
      image.reference,
    ]);
  } finally {
    await docker.tryRun(["rm", "--force", "--volumes", container]);
  }
}
