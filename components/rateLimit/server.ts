import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { configHash } from "../observability/backend";
import { rateLimitPod, rateLimitVersion } from "./pod";
import type { Resources } from "./pod";

/** Name of the rate limit service's Service, Deployment and identity. */
export const serverName = "ratelimit";

/** Ports of the rate limit service. */
export const serverPorts = { http: 8080, grpc: 8081, metrics: 9090 } as const;

/** A Redis, and how it is reached. */
export interface RedisAddress {
  host: pulumi.Input<string>;
  port: number;
  /** Talk TLS to it, and check its certificate against the authorities that the image knows. Default false. */
  tls?: boolean;
  /** `PASSWORD`, or `USER:PASSWORD`. Default: none is needed. */
  auth?: pulumi.Input<string>;
}

/** What {@link declareServer} needs to know. */
export interface ServerSpec {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  resources: Resources;
  replicas: number;
  /** The limits, as the service reads them. */
  limits: pulumi.Input<string>;
  redis: RedisAddress;
  /** Annotations of the pods. Default none. */
  podAnnotations?: Record<string, string>;
}

/** Where the image has its program. The image names no command of its own. */
const command = ["/bin/ratelimit"];

const configFolder = "/data/ratelimit/config";

function environment({ host, port, tls }: RedisAddress): Record<string, pulumi.Input<string>> {
  return {
    LOG_LEVEL: "warn",
    REDIS_SOCKET_TYPE: "tcp",
    REDIS_URL: pulumi.interpolate`${host}:${port}`,
    REDIS_TLS: String(tls ?? false),
    // The three parts of `configFolder`; Kubernetes' own links in there begin with a dot.
    RUNTIME_ROOT: "/data",
    RUNTIME_SUBDIRECTORY: "ratelimit",
    RUNTIME_APPDIRECTORY: "config",
    RUNTIME_WATCH_ROOT: "false",
    RUNTIME_IGNOREDOTFILES: "true",
    HEALTHY_WITH_AT_LEAST_ONE_CONFIG_LOADED: "true",
    // Profiles and the configuration are readable only from inside the pod.
    DEBUG_HOST: "127.0.0.1",
    USE_STATSD: "false",
    USE_PROMETHEUS: "true",
    PROMETHEUS_ADDR: `:${serverPorts.metrics}`,
  };
}

/** Declares envoyproxy/ratelimit, which is done when its pods answer. */
export function declareServer(name: string, spec: ServerSpec, opts: pulumi.CustomResourceOptions): void {
  const labels = { app: serverName };
  const metadata = { name: serverName, namespace: spec.namespace, labels };
  const account = new k8s.core.v1.ServiceAccount(
    `${name}-account`,
    { metadata, automountServiceAccountToken: false },
    opts,
  );
  const config = { "limits.yaml": spec.limits };
  const configMap = new k8s.core.v1.ConfigMap(
    `${name}-limits`,
    { metadata: { ...metadata, name: `${serverName}-limits` }, data: config },
    opts,
  );
  const secret = spec.redis.auth
    ? new k8s.core.v1.Secret(
        `${name}-redis-auth`,
        {
          metadata: { ...metadata, name: `${serverName}-redis-auth` },
          stringData: { auth: pulumi.secret(spec.redis.auth) },
        },
        opts,
      )
    : undefined;

  new k8s.apps.v1.Deployment(
    `${name}-deployment`,
    {
      metadata,
      spec: {
        replicas: spec.replicas,
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: { ...labels, ...rateLimitVersion },
            annotations: {
              ...spec.podAnnotations,
              "sidecar-mesh/config": configHash(config),
              // Not a hash: a hash would confirm a guessed password.
              ...(secret && { "sidecar-mesh/redis-auth": secret.metadata.resourceVersion }),
              // The sidecar serves these metrics with its own, which Prometheus reads from every sidecar.
              "prometheus.io/scrape": "true",
              "prometheus.io/port": String(serverPorts.metrics),
              "prometheus.io/path": "/metrics",
              // It gives up if it can't reach Redis at its start, and reaches it through the sidecar.
              "proxy.istio.io/config": JSON.stringify({ holdApplicationUntilProxyStarts: true }),
            },
          },
          spec: rateLimitPod({
            serviceAccountName: account.metadata.name,
            container: {
              name: serverName,
              image: spec.image,
              command,
              env: [
                ...Object.entries(environment(spec.redis)).map(([key, value]) => ({ name: key, value })),
                ...(secret
                  ? [{ name: "REDIS_AUTH", valueFrom: { secretKeyRef: { name: secret.metadata.name, key: "auth" } } }]
                  : []),
              ],
              ports: [
                { name: "http", containerPort: serverPorts.http },
                { name: "grpc", containerPort: serverPorts.grpc },
                { name: "http-metrics", containerPort: serverPorts.metrics },
              ],
              resources: spec.resources,
              volumeMounts: [{ name: "limits", mountPath: configFolder, readOnly: true }],
            },
            probes: {
              ready: { httpGet: { path: "/healthcheck", port: "http" } },
              alive: { tcpSocket: { port: "grpc" } },
            },
            volumes: [{ name: "limits", configMap: { name: configMap.metadata.name } }],
            spread: spec.replicas > 1 ? labels : undefined,
          }),
        },
      },
    },
    opts,
  );
  new k8s.core.v1.Service(
    `${name}-service`,
    {
      // The Deployment is awaited already.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { selector: labels, ports: [{ name: "grpc", port: serverPorts.grpc, targetPort: "grpc" }] },
    },
    opts,
  );
  if (spec.replicas > 1) {
    new k8s.policy.v1.PodDisruptionBudget(
      `${name}-pdb`,
      { metadata, spec: { minAvailable: 1, selector: { matchLabels: labels } } },
      opts,
    );
  }
}
