import * as pulumi from "@pulumi/pulumi";
import type * as k8s from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import { declareBackend } from "./backend";
import type { PodSizing } from "./backend";
import { dashboardServices } from "./endpoints";

/** Args of {@link Kiali}. */
export interface KialiArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  image: string;
  /** Pods, requests and limits. */
  sizing: PodSizing;
  /** Istio's root namespace. */
  systemNamespace: string;
  /** Namespace of istiod, known once it is there. Default: `systemNamespace`, which then has to be there. */
  controlPlaneNamespace?: pulumi.Input<string>;
  /** How users log in: `token` requires a token of the cluster, `anonymous` requires no login. */
  auth: KialiAuth;
  /** URL of Prometheus inside the cluster; Kiali's graph is made from it. */
  prometheusUrl: string;
  /** Its settings of the tracing backend, besides `enabled`. Default: no traces. */
  tracing?: Record<string, unknown>;
  /** URL of a Grafana inside the cluster that shows its dashboards without a login. Default: no links to it. */
  grafanaUrl?: string;
  /** Path under which it is served, for example `/kiali`. Default: `/`. */
  path?: string;
}

/** How users log in to Kiali: not at all, or with a token of the cluster. */
export const KialiAuth = { Anonymous: "anonymous", Token: "token" } as const;

/** One of {@link KialiAuth}. */
export type KialiAuth = (typeof KialiAuth)[keyof typeof KialiAuth];

/** Port of Kiali's page and API. */
export const kialiPort = dashboardServices.kiali.port;

const user = 1000;

const read = ["get", "list", "watch"];

/** What it looks at. It is for looking only: nothing here lets it change the mesh, or read a Secret. */
const clusterRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["configmaps", "endpoints", "namespaces", "pods", "pods/log", "replicationcontrollers", "services"],
    verbs: read,
  },
  { apiGroups: ["apps"], resources: ["daemonsets", "deployments", "replicasets", "statefulsets"], verbs: read },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: read },
  {
    apiGroups: ["networking.istio.io"],
    resources: [
      ...["destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars"],
      ...["virtualservices", "workloadentries", "workloadgroups"],
    ],
    verbs: read,
  },
  {
    apiGroups: ["security.istio.io"],
    resources: ["authorizationpolicies", "peerauthentications", "requestauthentications"],
    verbs: read,
  },
  { apiGroups: ["extensions.istio.io"], resources: ["wasmplugins"], verbs: read },
  { apiGroups: ["telemetry.istio.io"], resources: ["telemetries"], verbs: read },
  {
    apiGroups: ["gateway.networking.k8s.io"],
    resources: [
      ...["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants", "tcproutes", "tlsroutes"],
    ],
    verbs: read,
  },
  { apiGroups: ["admissionregistration.k8s.io"], resources: ["mutatingwebhookconfigurations"], verbs: read },
];

/** Kiali checks a user's token with the API server. */
const tokenRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
];

/**
 * istiod's own view of its proxies, through its debug port; in istiod's namespace alone, for a port-forward reaches any
 * port of a pod.
 */
const debugRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] },
];

/** What goes into Kiali's configuration and is no secret in {@link KialiArgs} already. */
export interface KialiSecrets {
  /** Namespace that it runs in. */
  namespace: string;
  /** Key that signs its sessions; 16, 24 or 32 characters. */
  signingKey: string;
}

/** @returns Kiali's config.yaml; JSON is YAML too. */
export function kialiConfig(
  args: Pick<KialiArgs, "auth" | "prometheusUrl" | "tracing" | "grafanaUrl" | "systemNamespace" | "path">,
  { namespace, signingKey }: KialiSecrets,
): string {
  return JSON.stringify(
    {
      auth: { strategy: args.auth },
      deployment: { cluster_wide_access: true, instance_name: "kiali", namespace, view_only_mode: true },
      external_services: {
        istio: { root_namespace: args.systemNamespace },
        prometheus: { url: args.prometheusUrl },
        tracing: { enabled: args.tracing !== undefined, ...args.tracing },
        grafana: args.grafanaUrl
          ? {
              enabled: true,
              internal_url: args.grafanaUrl,
              auth: { type: "none" },
              dashboards: [
                { name: "Mesh: service", variables: { namespace: "var-namespace", service: "var-service" } },
                { name: "Mesh: workload", variables: { namespace: "var-namespace", workload: "var-workload" } },
              ],
            }
          : { enabled: false },
      },
      login_token: { signing_key: signingKey },
      server: {
        port: kialiPort,
        web_root: args.path ?? "/",
        observability: { metrics: { enabled: true, port: 9090 } },
      },
    },
    undefined,
    2,
  );
}

/** Kiali: who talks to whom, drawn from the mesh's metrics and declarations. */
export class Kiali extends pulumi.ComponentResource {
  /** URL inside the cluster, known once it answers. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: KialiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Kiali", name, {}, opts);
    const signingKey = new random.RandomPassword(
      `${name}-signing-key`,
      { length: 32, special: false },
      { parent: this },
    );
    const path = args.path ?? "";
    const config = pulumi
      .all([args.namespace, signingKey.result])
      .apply(([namespace, key]) => kialiConfig(args, { namespace, signingKey: key }));
    const { service, workload } = declareBackend(
      name,
      {
        namespace: args.namespace,
        app: "kiali",
        image: args.image,
        args: ["-config", "/kiali-configuration/config.yaml"],
        command: ["/opt/kiali/kiali"],
        env: [
          { name: "ACTIVE_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
          { name: "LOG_LEVEL", value: "info" },
        ],
        user,
        ports: [{ name: "http", port: kialiPort }],
        ready: { path: `${path}/healthz`, port: kialiPort },
        config: { "config.yaml": config },
        // It holds the signing key.
        configIsSecret: true,
        configFolder: "/kiali-configuration",
        clusterRules: args.auth === "token" ? [...clusterRules, ...tokenRules] : clusterRules,
        roleElsewhere: { namespace: args.controlPlaneNamespace ?? args.systemNamespace, rules: debugRules },
        sizing: args.sizing,
      },
      this,
    );

    this.url = pulumi
      .all([args.namespace, service.metadata.name, workload.id])
      .apply(([namespace, serviceName]) => `http://${serviceName}.${namespace}:${kialiPort}${path}`);
    this.registerOutputs({ url: this.url });
  }
}
