import { parseAllDocuments, stringify } from "yaml";

/** Any Kubernetes object, as far as it is changed here. */
interface Manifest {
  kind: string;
  data?: Record<string, string>;
  spec?: { template?: { spec?: { containers?: Container[]; initContainers?: Container[] } } };
}

interface Container {
  image: string;
  imagePullPolicy?: string;
}

/** The objects of a file, each changed. Pure. */
function changed(text: string, change: (manifest: Manifest) => void): string {
  const manifests = parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
  manifests.forEach(change);
  return manifests.map((manifest) => stringify(manifest)).join("---\n");
}

/**
 * kube-router's own manifest for kubeadm, with our image, and with the plugin that publishes the `hostPort` of pods as
 * kind's network does. Pure.
 */
export function podNetworkManifest(kubeRouter: string, image: string): string {
  return changed(kubeRouter, (manifest) => {
    const { containers = [], initContainers = [] } = manifest.spec?.template?.spec ?? {};
    for (const container of [...containers, ...initContainers]) {
      Object.assign(container, { image, imagePullPolicy: "IfNotPresent" });
    }
    const file = "cni-conf.json";
    if (manifest.data?.[file] !== undefined) {
      const conf = JSON.parse(manifest.data[file]) as { plugins: object[] };
      conf.plugins.push({ type: "portmap", capabilities: { portMappings: true } });
      manifest.data[file] = JSON.stringify(conf);
    }
  });
}

/**
 * The manifest of volumes that kind puts into its node image, out of kind's source, with our images. Pure.
 * @param source pkg/build/nodeimage/const_storage.go of kind.
 * @throws Error if the source is not as expected.
 */
export function storageManifest(source: string, images: { provisioner: string; helper: string }): string {
  const manifest = /const defaultStorageManifest = `([^]*?)`\s*$/.exec(source)?.[1];
  const filled = manifest
    ?.replaceAll("` + storageProvisionerImage + `", images.provisioner)
    .replaceAll("` + storageHelperImage + `", images.helper);
  if (filled === undefined || filled.includes("`")) {
    throw new Error(
      "kind's const_storage.go has no manifest of the known form; adapt storageManifest to this version of kind",
    );
  }
  return filled;
}

/**
 * A kustomization over metrics-server's own, with our image. The serving certificates of kind's kubelets are signed by
 * no authority that it knows. Pure.
 * @param base Folder of metrics-server's manifests, relative to the kustomization.
 */
export function metricsKustomization(base: string, image: { name: string; tag: string }): string {
  const argument = [{ op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--kubelet-insecure-tls" }];
  return stringify({
    resources: [base],
    images: [{ name: "gcr.io/k8s-staging-metrics-server/metrics-server", newName: image.name, newTag: image.tag }],
    patches: [{ target: { kind: "Deployment" }, patch: stringify(argument) }],
  });
}
