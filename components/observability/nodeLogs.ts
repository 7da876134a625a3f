import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  collectorHealthPort,
  collectorMetricsPort,
  nodeAgentConfig,
  queueBytes,
  queueFolder,
} from "../collectorConfig";
import type { CollectorBackend } from "../collectorConfig";
import { configHash, containerSecurity, declareAccount } from "./backend";
import type { Resources } from "./backend";

/** Args of {@link NodeLogs}. */
export interface NodeLogsArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  /** Image of the OpenTelemetry Collector. */
  image: string;
  /** Log store. */
  backend: CollectorBackend;
  /** Where kubelet keeps the logs of pods, on the nodes. */
  podLogsFolder: string;
  /** Requests and limits on each node. */
  resources: Resources;
}

/** Name of its objects, and value of the label `app` of its pods. */
export const logAgent = "log-agent";

const app = logAgent;

/** Any user that is not root. */
const user = 65532;

/** An agent on each node that sends what containers write to stdout and stderr to the log store. */
export class NodeLogs extends pulumi.ComponentResource {
  constructor(name: string, args: NodeLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:NodeLogs", name, {}, opts);
    const { namespace, podLogsFolder } = args;
    const metadata = { name: app, namespace, labels: { app } };
    const config = { "config.json": nodeAgentConfig(args.backend, podLogsFolder, app) };
    const account = declareAccount(name, { app, namespace }, { parent: this });
    const configMap = new k8s.core.v1.ConfigMap(`${name}-config`, { metadata, data: config }, { parent: this });
    new k8s.apps.v1.DaemonSet(
      `${name}-agent`,
      {
        metadata,
        spec: {
          selector: { matchLabels: { app } },
          template: {
            metadata: {
              labels: { app },
              annotations: { "sidecar-mesh/config": configHash(config) },
            },
            spec: {
              serviceAccountName: account.metadata.name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: {
                runAsNonRoot: true,
                runAsUser: user,
                // containerd writes the logs of containers for root and its group: the group may read them, and no
                // more.
                runAsGroup: 0,
                seccompProfile: { type: "RuntimeDefault" },
              },
              // Logs of every node, whatever else runs there.
              tolerations: [{ operator: "Exists" }],
              containers: [
                {
                  name: app,
                  image: args.image,
                  imagePullPolicy: "IfNotPresent",
                  args: ["--config=/etc/log-agent/config.json"],
                  resources: args.resources,
                  livenessProbe: {
                    httpGet: { path: "/", port: collectorHealthPort },
                    periodSeconds: 15,
                    failureThreshold: 4,
                  },
                  securityContext: containerSecurity,
                  ports: [{ name: "http-metrics", containerPort: collectorMetricsPort }],
                  volumeMounts: [
                    { name: "pod-logs", mountPath: podLogsFolder, readOnly: true },
                    { name: "config", mountPath: "/etc/log-agent", readOnly: true },
                    { name: "queue", mountPath: queueFolder },
                    { name: "queue", mountPath: "/tmp", subPath: "tmp" },
                  ],
                },
              ],
              volumes: [
                { name: "pod-logs", hostPath: { path: podLogsFolder } },
                { name: "config", configMap: { name: configMap.metadata.name } },
                { name: "queue", emptyDir: { sizeLimit: `${(4 * queueBytes) / 1024 / 1024}Mi` } },
              ],
            },
          },
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
