import type { PodExtras } from "./echoService";

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
