import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { rateLimitPod, rateLimitVersion } from "./pod";
import type { Resources } from "./pod";

/** Default port of Redis. */
export const redisPort = 6379;

/** Name of Redis' Service, Deployment and identity. */
export const redisName = "redis";

/** What {@link declareRedis} needs to know. */
export interface RedisSpec {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  resources: Resources;
  /** Annotations of the pods. Default none. */
  podAnnotations?: Record<string, string>;
}

/**
 * Counters of a few bytes each, which end with their window: nothing is worth a disk, or a replica. They start anew
 * with the pod.
 */
const settings = {
  save: "",
  appendonly: "no",
  // Far below the container's limit, and room for a hundred thousand counters; those that end soonest go first.
  maxmemory: "32mb",
  "maxmemory-policy": "volatile-ttl",
  // Redis would take the sidecar, which hands it every connection, for a stranger. Who may connect is the mesh's to
  // say.
  "protected-mode": "no",
};

/**
 * Declares the Redis that keeps the counters.
 * @returns its Service, and its Deployment, which is done when it answers.
 */
export function declareRedis(
  name: string,
  { namespace, image, resources, podAnnotations }: RedisSpec,
  opts: pulumi.CustomResourceOptions,
): { service: k8s.core.v1.Service; deployment: k8s.apps.v1.Deployment } {
  const labels = { app: redisName };
  const metadata = { name: redisName, namespace, labels };
  const account = new k8s.core.v1.ServiceAccount(
    `${name}-account`,
    { metadata, automountServiceAccountToken: false },
    opts,
  );
  const deployment = new k8s.apps.v1.Deployment(
    `${name}-deployment`,
    {
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        // Two of them at once would each count some of the requests.
        strategy: { type: "Recreate" },
        template: {
          metadata: { labels: { ...labels, ...rateLimitVersion }, annotations: podAnnotations },
          spec: rateLimitPod({
            serviceAccountName: account.metadata.name,
            container: {
              name: redisName,
              image,
              command: ["/usr/local/bin/redis-server"],
              args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
              ports: [{ name: "redis", containerPort: redisPort }],
              resources,
            },
            probes: { ready: { tcpSocket: { port: "redis" } }, alive: { tcpSocket: { port: "redis" } } },
          }),
        },
      },
    },
    opts,
  );
  const service = new k8s.core.v1.Service(
    `${name}-service`,
    {
      // The Deployment is awaited already.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { selector: labels, ports: [{ name: "tcp-redis", port: redisPort, targetPort: "redis" }] },
    },
    opts,
  );
  return { service, deployment };
}
