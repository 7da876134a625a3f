import type { KubernetesObject } from "@kubernetes/client-node";

/** Any object of the API server. */
export interface LiveObject extends KubernetesObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  data?: Record<string, string>;
}
