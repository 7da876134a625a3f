import type * as pulumi from "@pulumi/pulumi";
import type { AnyObject } from "./validation";

/** What a pod gets besides the application's own container. */
export interface PodExtras {
  /** More labels; not for names that Istio or the Service goes by. */
  labels?: Record<string, string>;
  /** Annotations of the pods. */
  annotations?: Record<string, pulumi.Input<string>>;
  /** More containers, as Kubernetes has them. */
  containers?: AnyObject[];
  /** Volumes that these use, as Kubernetes has them. */
  volumes?: AnyObject[];
}

/** @returns all that several parts add to a pod; of labels and annotations of one name the last one holds. */
export function joinExtras(...parts: readonly (PodExtras | undefined)[]): PodExtras {
  const given = parts.filter((part) => part !== undefined);
  return {
    labels: Object.assign({}, ...given.map(({ labels }) => labels)) as PodExtras["labels"],
    annotations: Object.assign({}, ...given.map(({ annotations }) => annotations)) as PodExtras["annotations"],
    containers: given.flatMap(({ containers = [] }) => containers),
    volumes: given.flatMap(({ volumes = [] }) => volumes),
  };
}
