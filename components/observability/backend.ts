import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { spreadOverNodesAndZones } from "../spread";

/** Requests and limits of a container. */
export type Resources = k8s.types.input.core.v1.ResourceRequirements;

/** How one part of the observability stack runs. */
export interface Sizing extends PodSizing {
  /** Size of each pod's volume, for example `10Gi`; data ends with the pod when left out. */
  volume?: string;
}

/** How a backend without a volume is run. */
export interface PodSizing {
  /** Pods. */
  replicas: number;
  /** Requests and limits of its container. */
  resources: Resources;
}

/** A port of a backend: what listens there, and how Istio and Kubernetes call it. */
export interface BackendPort {
  /** Starts with the protocol, because Istio takes it from here: `http`, `grpc-otlp`. */
  name: string;
  port: number;
}

/** What {@link declareBackend} makes. */
export interface BackendSpec {
  namespace: pulumi.Input<string>;
  /** Name of every object, and value of the label `app`. */
  app: string;
  /** Name of the Service. Default: `app`. */
  service?: string;
  image: pulumi.Input<string>;
  /** Default: the image's own. */
  command?: string[];
  args: pulumi.Input<string>[];
  env?: k8s.types.input.core.v1.EnvVar[];
  /** User that the image runs as. */
  user: number;
  ports: BackendPort[];
  /** A port with a Service of its own. Default: the Service has all ports. */
  page?: { service: string; port: BackendPort };
  /** Path and port that answer 200 when requests can be served. */
  ready: { path: string; port: number };
  /** Files by name, mounted read-only at `configFolder`. Default: none. */
  config?: Record<string, pulumi.Input<string>>;
  /** Given if `config` is. */
  configFolder?: string;
  /** Keep the files in a Secret. Default false: in a ConfigMap. */
  configIsSecret?: boolean;
  /** Where in the folder each file goes. Default: its name. */
  configItems?: Record<string, string>;
  /** More volumes, besides configuration and data. */
  volumes?: k8s.types.input.core.v1.Volume[];
  volumeMounts?: k8s.types.input.core.v1.VolumeMount[];
  /** Where data is kept. */
  dataFolder?: string;
  /** Rules of a ClusterRole for its ServiceAccount. Default: none, and no token is mounted. */
  clusterRules?: k8s.types.input.rbac.v1.PolicyRule[];
  /** Rules of a Role in another namespace for its ServiceAccount, besides `clusterRules`. Default: none. */
  roleElsewhere?: { namespace: pulumi.Input<string>; rules: k8s.types.input.rbac.v1.PolicyRule[] };
  /** Secret whose entries become variables, if it exists. Default: none. */
  envFromSecret?: string;
  /** Name of a Service without an address, by which the pods find each other, ready or not. Default: none is made. */
  headlessService?: string;
  sizing: Sizing;
}

/** @returns a text that changes when the configuration does: pods do not notice it otherwise. */
export function configHash(config: Record<string, pulumi.Input<string>>): pulumi.Output<string> {
  // A hash does not reveal its input.
  return pulumi.unsecret(
    pulumi
      .output(config)
      .apply((files) => createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16)),
  );
}

/** What a container of this stack may do: nothing but run. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/**
 * Declares a server with its configuration and data: ServiceAccount, ConfigMap, Service and StatefulSet. It stays out
 * of the mesh: it must answer when the mesh is what is broken, and a scrape is no request between services.
 * @param parent Component that it belongs to.
 * @returns the Service and the one of the page, if there is one; they depend on the pods being ready.
 */
export function declareBackend(
  name: string,
  spec: BackendSpec,
  parent: pulumi.Resource,
): { service: k8s.core.v1.Service; page?: k8s.core.v1.Service; workload: k8s.apps.v1.StatefulSet } {
  const opts = { parent };
  const { app, namespace } = spec;
  const metadata = { name: app, namespace, labels: { app } };
  const account = declareAccount(name, spec, opts);
  const config =
    spec.config &&
    (spec.configIsSecret
      ? new k8s.core.v1.Secret(`${name}-config`, { metadata, stringData: pulumi.secret(spec.config) }, opts)
      : new k8s.core.v1.ConfigMap(`${name}-config`, { metadata, data: spec.config }, opts));
  const { volume, replicas } = spec.sizing;
  const claimSpec =
    volume && spec.dataFolder
      ? { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: volume } } }
      : undefined;
  const claim = claimSpec && replicas === 1 ? declareClaim(name, spec, claimSpec, opts) : undefined;

  const workload = new k8s.apps.v1.StatefulSet(
    `${name}-server`,
    {
      metadata,
      spec: {
        replicas,
        serviceName: spec.service ?? app,
        selector: { matchLabels: { app } },
        podManagementPolicy: "Parallel",
        template: {
          metadata: {
            labels: { app },
            annotations: spec.config && { "sidecar-mesh/config": configHash(spec.config) },
          },
          spec: podSpec(spec, account.metadata.name, config?.metadata.name, claim?.metadata.name),
        },
        volumeClaimTemplates: claimSpec && !claim ? [{ metadata: { name: "data" }, spec: claimSpec }] : undefined,
      },
    },
    opts,
  );
  const service = declareService(`${name}-service`, spec, { name: spec.service ?? app, ports: spec.ports }, opts);
  const page =
    spec.page && declareService(`${name}-page`, spec, { name: spec.page.service, ports: [spec.page.port] }, opts);
  if (spec.headlessService) {
    new k8s.core.v1.Service(
      `${name}-members`,
      {
        metadata: {
          ...metadata,
          name: spec.headlessService,
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          clusterIP: "None",
          publishNotReadyAddresses: true,
          selector: { app },
          ports: spec.ports.map(({ name: portName, port }) => ({ name: portName, port, targetPort: portName })),
        },
      },
      opts,
    );
  }
  if (replicas > 1) {
    new k8s.policy.v1.PodDisruptionBudget(
      `${name}-pdb`,
      { metadata, spec: { minAvailable: 1, selector: { matchLabels: { app } } } },
      opts,
    );
  }
  return { service, page, workload };
}

/**
 * Declares the volume of a backend's only pod. Templates of a StatefulSet never change, and a preview of another one in
 * its place fails; a claim can grow, and come and go. It has the name that a template would give it. Data stays when
 * the stack goes, but for its namespace.
 */
function declareClaim(
  name: string,
  { app, namespace }: Pick<BackendSpec, "app" | "namespace">,
  spec: k8s.types.input.core.v1.PersistentVolumeClaimSpec,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.PersistentVolumeClaim {
  // Many a volume is only made for the pod that asks for it, so there is nothing to wait for before.
  const annotations = { "pulumi.com/skipAwait": "true" };
  return new k8s.core.v1.PersistentVolumeClaim(
    `${name}-data`,
    { metadata: { name: `data-${app}-0`, namespace, labels: { app }, annotations }, spec },
    { ...opts, retainOnDelete: true },
  );
}

/** Declares a Service for some ports of a backend. */
function declareService(
  resource: string,
  { app, namespace, sizing }: Pick<BackendSpec, "app" | "namespace" | "sizing">,
  { name, ports }: { name: string; ports: BackendPort[] },
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  return new k8s.core.v1.Service(
    resource,
    {
      metadata: {
        name,
        namespace,
        labels: { app },
        // The pods are awaited already; waiting for their endpoints adds nothing.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        selector: { app },
        // Each replica of a store holds only its own data, so a client has to stay with one replica.
        sessionAffinity: sizing.replicas > 1 ? "ClientIP" : undefined,
        ports: ports.map(({ name: portName, port }) => ({ name: portName, port, targetPort: portName })),
      },
    },
    opts,
  );
}

/** Declares a ServiceAccount and, if it has rules, what it may do in the whole cluster. */
export function declareAccount(
  name: string,
  {
    app,
    namespace,
    clusterRules,
    roleElsewhere,
  }: Pick<BackendSpec, "app" | "namespace" | "clusterRules" | "roleElsewhere">,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.ServiceAccount {
  const account = new k8s.core.v1.ServiceAccount(
    `${name}-account`,
    { metadata: { name: app, namespace, labels: { app } }, automountServiceAccountToken: false },
    opts,
  );
  const subjects = [{ kind: "ServiceAccount", name: account.metadata.name, namespace }];
  // Names of the whole cluster, and of a namespace that is not ours alone, are shared with whatever else is installed
  // there.
  const shared = { name: `sidecar-mesh-${app}`, labels: { app } };
  if (clusterRules) {
    const metadata = shared;
    const role = new k8s.rbac.v1.ClusterRole(`${name}-role`, { metadata, rules: clusterRules }, opts);
    new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-binding`,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects,
      },
      opts,
    );
  }
  if (roleElsewhere) {
    const metadata = { ...shared, namespace: roleElsewhere.namespace };
    const role = new k8s.rbac.v1.Role(`${name}-role-elsewhere`, { metadata, rules: roleElsewhere.rules }, opts);
    new k8s.rbac.v1.RoleBinding(
      `${name}-binding-elsewhere`,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects,
      },
      opts,
    );
  }
  return account;
}

function configSource({ configIsSecret, configItems }: BackendSpec, name: pulumi.Input<string>) {
  const items = configItems && Object.entries(configItems).map(([key, path]) => ({ key, path }));
  return configIsSecret ? { secret: { secretName: name, items } } : { configMap: { name, items } };
}

function podSpec(
  spec: BackendSpec,
  serviceAccountName: pulumi.Input<string>,
  configName: pulumi.Input<string> | undefined,
  claimName: pulumi.Input<string> | undefined,
): k8s.types.input.core.v1.PodSpec {
  const ready = { httpGet: { path: spec.ready.path, port: spec.ready.port } };
  const folders = [
    ...(configName && spec.configFolder ? [{ name: "config", mountPath: spec.configFolder, readOnly: true }] : []),
    { name: "tmp", mountPath: "/tmp" },
    ...(spec.dataFolder ? [{ name: "data", mountPath: spec.dataFolder }] : []),
  ];
  return {
    serviceAccountName,
    automountServiceAccountToken: spec.clusterRules !== undefined,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: spec.user,
      runAsGroup: spec.user,
      fsGroup: spec.user,
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(spec.sizing.replicas > 1 && spreadOverNodesAndZones({ app: spec.app })),
    containers: [
      {
        name: spec.app,
        image: spec.image,
        imagePullPolicy: "IfNotPresent",
        command: spec.command,
        args: spec.args,
        env: spec.env,
        envFrom: spec.envFromSecret ? [{ secretRef: { name: spec.envFromSecret, optional: true } }] : undefined,
        ports: [...(spec.page ? [spec.page.port] : []), ...spec.ports].map(({ name, port }) => ({
          name,
          containerPort: port,
        })),
        resources: spec.sizing.resources,
        startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 180 },
        readinessProbe: { ...ready, periodSeconds: 5 },
        livenessProbe: { ...ready, periodSeconds: 15, failureThreshold: 6, timeoutSeconds: 5 },
        securityContext: containerSecurity,
        volumeMounts: [...folders, ...(spec.volumeMounts ?? [])],
      },
    ],
    volumes: [
      ...(configName ? [{ name: "config", ...configSource(spec, configName) }] : []),
      { name: "tmp", emptyDir: {} },
      ...(claimName ? [{ name: "data", persistentVolumeClaim: { claimName } }] : []),
      ...(spec.dataFolder && !spec.sizing.volume ? [{ name: "data", emptyDir: {} }] : []),
      ...(spec.volumes ?? []),
    ],
  };
}
