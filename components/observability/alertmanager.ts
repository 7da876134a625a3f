import * as pulumi from "@pulumi/pulumi";
import { declareBackend } from "./backend";
import type { Sizing } from "./backend";

/** Args of {@link Alertmanager}. */
export interface AlertmanagerArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  image: string;
  /** Requests and limits. */
  sizing: Omit<Sizing, "volume" | "replicas">;
  /**
   * URL that gets each group of alerts when it fires, every four hours while it does, and when it is over. A secret.
   */
  webhookUrl: string;
}

/** Port of Alertmanager's API and page. */
export const alertmanagerPort = 9093;

const user = 65534;

/** @returns alertmanager.yml; JSON is YAML too. */
function alertmanagerConfig(webhookUrl: string): string {
  return JSON.stringify({
    route: {
      receiver: "webhook",
      group_by: ["alertname", "destination_service_name", "destination_service_namespace"],
      group_wait: "10s",
      group_interval: "30s",
      repeat_interval: "4h",
    },
    receivers: [{ name: "webhook", webhook_configs: [{ url: webhookUrl, send_resolved: true }] }],
  });
}

/**
 * Alertmanager: sends Prometheus' alerts on to a webhook. It keeps silences as long as its pod, and is not doubled:
 * Prometheus sends again.
 */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Alertmanager", name, {}, opts);
    declareBackend(
      name,
      {
        namespace: args.namespace,
        app: "alertmanager",
        image: args.image,
        args: [
          "--config.file=/etc/alertmanager/alertmanager.yml",
          "--storage.path=/alertmanager",
          // One pod has no others to agree with.
          "--cluster.listen-address=",
        ],
        user,
        ports: [{ name: "http", port: alertmanagerPort }],
        ready: { path: "/-/ready", port: alertmanagerPort },
        config: { "alertmanager.yml": alertmanagerConfig(args.webhookUrl) },
        // The URL of a chat's webhook is all that it takes to write there.
        configIsSecret: true,
        configFolder: "/etc/alertmanager",
        dataFolder: "/alertmanager",
        sizing: { ...args.sizing, replicas: 1 },
      },
      this,
    );
    this.registerOutputs({});
  }
}
