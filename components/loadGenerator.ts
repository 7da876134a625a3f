import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { applicationLogs } from "./applicationLog";
import type { LogFiles } from "./applicationLog";
import type { PodExtras } from "./podExtras";
import { Telemetry } from "./istioApi/telemetry";
import { declareProxyScope } from "./proxyScope";
import { containerSecurity } from "./observability/backend";
import type { Resources } from "./observability/backend";
import { loadGeneratorLabel } from "./observability/prometheusConfig";
import { servedHost } from "./hosts";
import { ArgsCheck } from "./validation";

/** How load is made. */
export interface LoadSettings {
  /** Image of fortio. */
  image: string;
  /** Requests per second on each edge, from each pod that sends, 1 to 100. */
  ratePerSecond: number;
  /** Requests and limits of each sender. */
  resources: Resources;
}

/** One place that requests are sent to. */
export interface LoadTarget {
  /** Identifies a sender within its pod; part of the container's name. */
  name: string;
  /** URL that is asked. */
  url: pulumi.Input<string>;
  /** Host that is connected to in the place of the URL's. Default: the URL's. */
  connectTo?: pulumi.Input<string>;
}

/** Args of {@link LoadGenerator}. */
export interface LoadGeneratorArgs extends LoadSettings {
  /** Namespace of the mesh that it runs in. */
  namespace: pulumi.Input<string>;
  /** What it asks: by custom each path of the ingress gateway. */
  targets: LoadTarget[];
  /** Annotations of the pods. Default none. */
  podAnnotations?: Record<string, string>;
  /** What its sidecar knows of the mesh, as {@link declareProxyScope} takes it. Default: all of it. */
  knownHosts?: pulumi.Input<string>[];
}

/** What there is to say of the ingress gateway as a target. */
export interface GatewayTarget {
  /** Full name of the gateway's Service. */
  host: pulumi.Input<string>;
  /** The gateway serves HTTPS, and redirects what comes over HTTP. */
  tls: boolean;
  /** Hosts that the gateway serves. */
  hosts: readonly string[];
}

/** Name of all that {@link LoadGenerator} makes, and value of the label `app`. */
export const loadGeneratorName = "load-generator";

/**
 * Files that a caller's own requests are logged to, a JSON line each, so that the default stack shows a service that
 * writes files.
 */
export const callLog: LogFiles = { folder: "/var/log/calls" };

/** Any user that is not root. */
const user = 65532;

/** Longest time that an answer is waited for. */
const patience = "20s";

/** @returns the target that requests `path` from the ingress gateway, like a client outside the cluster. */
export function gatewayTarget(name: string, path: string, { host, tls, hosts }: GatewayTarget): LoadTarget {
  const scheme = tls ? "https" : "http";
  const named = servedHost(hosts, "load");
  if (named === undefined) {
    return { name, url: pulumi.interpolate`${scheme}://${host}${path}` };
  }
  return { name, url: `${scheme}://${named}${path}`, connectTo: host };
}

/** @returns the name of the container that sends requests to a target: a DNS label, with a hash where it had to be cut. */
export function senderName(target: string): string {
  const name = `load-${target}`;
  const hash = createHash("sha256").update(target).digest("hex").slice(0, 6);
  return name.length <= 63 ? name : `${name.slice(0, 56).replace(/-+$/, "")}-${hash}`;
}

/**
 * @returns the container that sends requests to `target` for as long as it lives. It keeps no pace to catch up with:
 * after a pause it goes on as before.
 * @param logged Each request is logged to a file of the pod's application, in the folder of {@link callLog}.
 */
export function loadSender(
  target: LoadTarget,
  settings: LoadSettings,
  logged = false,
): k8s.types.input.core.v1.Container {
  const { image, ratePerSecond, resources } = settings;
  return {
    name: senderName(target.name),
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      "load",
      "-quiet",
      ...["-t", "0", "-c", "1", "-qps", String(ratePerSecond), "-timeout", patience, "-nocatchup"],
      // What it calls may start after it.
      "-allow-initial-errors",
      // The gateway's certificate may be self-signed.
      "-k",
      ...(logged ? ["-access-log-file", `${callLog.folder}/${target.name}.log`, "-access-log-format", "json"] : []),
      ...(target.connectTo === undefined ? [] : ["-resolve", target.connectTo]),
      target.url,
    ],
    resources,
    securityContext: { ...containerSecurity, runAsNonRoot: true, runAsUser: user, runAsGroup: user },
    ...(logged && { volumeMounts: [{ name: applicationLogs.volume, mountPath: callLog.folder }] }),
  };
}

/**
 * @returns what a caller's own pod gets to send requests to the services that it may call. A caller is known by its
 * identity, its proxy and its labels, and only its own pod has all three. The mesh would refuse requests from another
 * pod, or record them with a wrong caller.
 * @param logFiles What the caller's pods write to files. With the folder of {@link callLog}, the requests are logged
 * there.
 */
export function loadCompanion(callees: readonly LoadTarget[], settings: LoadSettings, logFiles?: LogFiles): PodExtras {
  return { containers: callees.map((callee) => loadSender(callee, settings, logFiles?.folder === callLog.folder)) };
}

/**
 * Steady requests to the ingress gateway from a pod of the mesh, so that graphs and dashboards are alive when they are
 * opened. The requests count where they arrive, at the gateway and behind it; of the sender itself nothing is reported:
 * no metrics, no spans, no log lines. Let it depend on the control plane, and on the services.
 */
export class LoadGenerator extends pulumi.ComponentResource {
  constructor(name: string, args: LoadGeneratorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:LoadGenerator", name, {}, opts);
    new ArgsCheck("LoadGenerator")
      .require(
        Number.isInteger(args.ratePerSecond) && args.ratePerSecond >= 1 && args.ratePerSecond <= 100,
        "ratePerSecond",
        args.ratePerSecond,
        "use a whole number from 1 to 100",
      )
      .require(args.targets.length > 0, "targets", args.targets, "name at least one, or leave the component out")
      .done(this);

    const labels = { app: loadGeneratorName, version: "v1", ...loadGeneratorLabel };
    const metadata = { name: loadGeneratorName, namespace: args.namespace };
    const silence = new Telemetry(
      `${name}-silence`,
      {
        metadata,
        spec: {
          selector: { matchLabels: loadGeneratorLabel },
          metrics: [{ overrides: [{ match: { metric: "ALL_METRICS" }, disabled: true }] }],
          tracing: [{ disableSpanReporting: true }],
          accessLogging: [{ disabled: true }],
        },
      },
      { parent: this },
    );
    const scopes = args.knownHosts
      ? [
          declareProxyScope(
            name,
            { namespace: args.namespace, app: loadGeneratorName, hosts: args.knownHosts },
            { parent: this },
          ),
        ]
      : [];
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: { ...metadata, labels }, automountServiceAccountToken: false },
      { parent: this },
    );
    new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: { ...metadata, labels },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels, annotations: args.podAnnotations },
            spec: {
              serviceAccountName: account.metadata.name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
              containers: args.targets.map((target) => loadSender(target, args)),
            },
          },
        },
      },
      { parent: this, dependsOn: [silence, ...scopes] },
    );
    this.registerOutputs({});
  }
}
