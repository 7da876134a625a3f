import type { LiveObject } from "../../cluster/kubeClient";
import { Slots } from "../../cluster/kubeClient";
import type { Cluster } from "../verify/cluster";
import { askEnvoy, podLog, refOfPod } from "../verify/meshPods";
import { containersOf, isAlive, proxyOf, statusesOf } from "../verify/objects";

/** A file of the archive, before secrets are removed: an object, or lines of a log. */
export interface SupportFile {
  /** Path within the archive. */
  path: string;
  content: unknown;
}

/** What was collected, and what could not be. */
export interface Collected {
  files: SupportFile[];
  troubles: string[];
}

/** Types of objects that tell how a mesh is; Secrets without their values. */
const kinds: readonly [apiVersion: string, ...kinds: string[]][] = [
  ["v1", "Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "Event", "ResourceQuota", "PersistentVolumeClaim"],
  ["apps/v1", "Deployment", "StatefulSet", "DaemonSet"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["policy/v1", "PodDisruptionBudget"],
  ["networking.k8s.io/v1", "NetworkPolicy"],
  ["networking.istio.io/v1", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService"],
  ["networking.istio.io/v1alpha3", "EnvoyFilter"],
  ["gateway.networking.k8s.io/v1", "Gateway", "HTTPRoute", "ReferenceGrant"],
  ["security.istio.io/v1", "AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
  ["telemetry.istio.io/v1", "Telemetry"],
];

/** Types that are in no namespace. */
const clusterKinds: readonly [apiVersion: string, kind: string][] = [
  ["v1", "Node"],
  ["v1", "Namespace"],
  ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
];

/** Proxies and logs that are asked for at once. */
const atOnce = 8;

/** Milliseconds until a log is there. */
const logMs = 30_000;

/** What is collected. */
export interface SupportRequest {
  cluster: Cluster;
  namespaces: readonly string[];
  /** Most lines of each log. */
  logLines: number;
}

/**
 * Collects the objects of namespaces, the configuration of their proxies, and the logs of their containers. It never
 * throws.
 */
export async function collect({ cluster, namespaces, logLines }: SupportRequest): Promise<Collected> {
  const files: SupportFile[] = [];
  const troubles: string[] = [];
  const slots = new Slots(atOnce);
  const add = (path: string, read: () => Promise<unknown>) =>
    slots.run(async () => {
      try {
        const content = await read();
        if (content !== undefined) {
          files.push({ path, content });
        }
      } catch (error) {
        troubles.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  const list = async (apiVersion: string, kind: string, namespace?: string) => {
    const found = await cluster.list(apiVersion, kind, namespace);
    return found.length > 0 ? found : undefined;
  };

  await Promise.all([
    ...clusterKinds.map(([apiVersion, kind]) => add(`objects/${kind}.yaml`, () => list(apiVersion, kind))),
    ...namespaces.flatMap((namespace) =>
      kinds.flatMap(([apiVersion, ...names]) =>
        names.map((kind) => add(`objects/${namespace}/${kind}.yaml`, () => list(apiVersion, kind, namespace))),
      ),
    ),
  ]);
  const pods = (
    await Promise.all(namespaces.map((namespace) => cluster.list("v1", "Pod", namespace).catch((): LiveObject[] => [])))
  ).flat();
  await Promise.all(
    pods.flatMap((pod) => {
      const { namespace, name } = refOfPod(pod);
      const proxy = isAlive(pod) && proxyOf(pod) !== undefined;
      return [
        ...(proxy
          ? [add(`proxies/${namespace}/${name}.json`, () => askEnvoy(cluster, pod, "/config_dump?include_eds"))]
          : []),
        ...logsOf(pod).map(({ container, previous }) =>
          add(`logs/${namespace}/${name}/${container}${previous ? ".previous" : ""}.log`, () =>
            readLog(cluster, pod, { container, previous, logLines }),
          ),
        ),
      ];
    }),
  );
  return { files, troubles };
}

/** @returns the logs that a pod has: of each container, and of the one before where it was restarted. */
export function logsOf(pod: LiveObject): { container: string; previous: boolean }[] {
  const begun = statusesOf(pod).filter(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  return containersOf(pod)
    .map(({ name }) => begun.find((status) => status.name === name))
    .filter((status) => status !== undefined)
    .flatMap(({ name: container, lastState }) => [
      { container, previous: false },
      ...(lastState?.terminated ? [{ container, previous: true }] : []),
    ]);
}

async function readLog(
  cluster: Cluster,
  pod: LiveObject,
  { container, previous, logLines }: { container: string; previous: boolean; logLines: number },
): Promise<string> {
  const asked = { container, previous: String(previous), tailLines: String(logLines), timestamps: "true" };
  const { status, body, error } = await podLog(cluster, pod, asked, logMs);
  if (status !== 200) {
    throw new Error(error ?? `HTTP ${status} ${body.slice(0, 200)}`);
  }
  return body;
}
