import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * How many claims can be bound at a time. Kubernetes' own hostPath provisioner makes folders that only root may enter, and
 * any other would be one more program to run; a supply of volumes made beforehand needs neither.
 */
const COUNT = 24;

/** More than any claim asks for: the folders are on this machine's disk, and nothing measures them. */
const CAPACITY = "1Ti";

export const STORAGE_CLASS = "standard";

/** The volumes' names, which are those of their folders. Pure. */
export function volumeNames(): string[] {
  return Array.from({ length: COUNT }, (_, index) => `sandbox-${String(index + 1).padStart(2, "0")}`);
}

/** The default storage class and the supply of volumes. Pure. */
export function volumeObjects(folder: string): object[] {
  const storageClass = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: STORAGE_CLASS,
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kubernetes.io/no-provisioner",
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
  };
  const volumes = volumeNames().map((name) => ({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: CAPACITY },
      accessModes: ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
      storageClassName: STORAGE_CLASS,
      // A released volume is emptied by a pod and offered again.
      persistentVolumeReclaimPolicy: "Recycle",
      hostPath: { path: join(folder, name), type: "Directory" },
    },
  }));
  return [storageClass, ...volumes];
}

/** The pod that empties a released volume. Kubernetes puts the volume's path in place of the one here. Pure. */
export function recyclerPod(image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "volume-recycler", namespace: "default" },
    spec: {
      activeDeadlineSeconds: 120,
      restartPolicy: "Never",
      securityContext: { runAsUser: 0 },
      containers: [
        {
          name: "recycler",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["/bin/sh", "-c", "find /scrub -mindepth 1 -maxdepth 1 -exec rm -rf {} + && chmod 777 /scrub"],
          volumeMounts: [{ name: "vol", mountPath: "/scrub" }],
        },
      ],
      volumes: [{ name: "vol", hostPath: { path: "/" } }],
    },
  };
}

/** Makes the volumes' folders. Programs in pods run as users of all kinds and must be able to write there. */
export async function ensureVolumeFolders(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  for (const name of volumeNames()) {
    // Only a new one: a program that holds an old one may have restricted it.
    if (await mkdir(join(folder, name), { recursive: true })) {
      await chmod(join(folder, name), 0o777);
    }
  }
}
