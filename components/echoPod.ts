import type * as k8s from "@pulumi/kubernetes";
import * as kx from "@pulumi/kubernetesx";
import type * as pulumi from "@pulumi/pulumi";
import { applicationFolderMiB, applicationLogs } from "./applicationLog";
import { drainSeconds, sleepBeforeStop } from "./drain";
import type { EchoServiceArgs } from "./echoService";
import { spreadOverNodesAndZones } from "./spread";

/** Any user that is not root does; distroless images call this one `nonroot`. */
const nonRootUser = 65532;

/** Where an application's files go; it is full before the node's disk is. */
const logVolume = { name: applicationLogs.volume, emptyDir: { sizeLimit: `${applicationFolderMiB}Mi` } };

/**
 * The one place that needs @pulumi/kubernetesx. Its repository is archived, and it asks for @pulumi/kubernetes 3
 * (`overrides` in package.json). To drop it, return the plain PodSpec here that the test beside this file compares
 * with.
 * @param labels Of the pod, by which it is spread.
 * @returns the pod of a service, without the containers of others.
 */
export function echoPod(
  args: EchoServiceArgs,
  labels: Record<string, string>,
  serviceAccountName: pulumi.Input<string>,
): pulumi.Input<k8s.types.input.core.v1.PodSpec> {
  const probe = args.probePath ? { httpGet: { path: args.probePath, port: "http" } } : { tcpSocket: { port: "http" } };
  const { logFiles, user = nonRootUser, writablePaths } = args;
  const builder = new kx.PodBuilder({
    serviceAccountName,
    // Nothing here talks to the API server. The sidecar has a token volume of its own.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: drainSeconds + 25,
    ...(args.spread && spreadOverNodesAndZones(labels)),
    containers: [
      {
        name: args.serviceName,
        image: args.image,
        args: args.args,
        env: args.env,
        ports: { http: args.port },
        resources: args.resources,
        startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...probe, periodSeconds: 5 },
        livenessProbe: { ...probe, periodSeconds: 10 },
        // The root file system is read-only: an image that has to write says where.
        volumeMounts: [
          ...(writablePaths ?? []).map((destPath, i) => ({
            volume: { name: `writable-${i}`, emptyDir: {} },
            destPath,
          })),
          ...(logFiles ? [{ volume: logVolume, destPath: logFiles.folder }] : []),
        ],
        lifecycle: sleepBeforeStop(),
        securityContext: {
          runAsUser: user,
          runAsGroup: user,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      },
    ],
  });
  return builder.podSpec;
}
