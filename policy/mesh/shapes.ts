/**
 * The shapes of the resources that the rules read. One table gives both the static types and the check that a value
 * really has its type: manifests are written by hand, and a rule must never meet a string where it expects a list.
 *
 * `s` string, `n` number, `b` boolean, `m` a map of strings, `p` a port (a number or a name), `d` anything.
 */
import type { Misfit } from "./schemas";
import { isMap } from "../../common/isMap";

interface ShapeMap {
  readonly [key: string]: Shape;
}
type Shape = "s" | "n" | "b" | "m" | "p" | "d" | readonly [Shape] | ShapeMap;

/** The TypeScript type of a shape. Every field is optional: a manifest may leave out what it likes. */
export type Of<S> = S extends "s"
  ? string
  : S extends "n"
    ? number
    : S extends "b"
      ? boolean
      : S extends "m"
        ? Record<string, string>
        : S extends "p"
          ? number | string
          : S extends "d"
            ? unknown
            : S extends readonly [infer E]
              ? Of<E>[]
              : { -readonly [K in keyof S]?: Of<S[K]> };

const stringMatch = { exact: "s", prefix: "s", regex: "s" } as const;
const port = { number: "n", name: "s" } as const;
const destination = { host: "s", subset: "s", port } as const;
const weighted = { destination, weight: "n" } as const;
const labelSelector = { matchLabels: "m", matchExpressions: [{ key: "s", operator: "s", values: ["s"] }] } as const;
const matchLabels = { matchLabels: "m" } as const;
const targetRef = { group: "s", kind: "s", name: "s", namespace: "s" } as const;
const tls = {
  mode: "s",
  caCertificates: "s",
  credentialName: "s",
  credentialNames: ["s"],
  serverCertificate: "s",
  privateKey: "s",
  clientCertificate: "s",
  httpsRedirect: "b",
  insecureSkipVerify: "d",
} as const;
const backendRef = { name: "s", namespace: "s", port: "n", kind: "s", group: "s", weight: "n" } as const;
const condition = { type: "s", status: "s", reason: "s", message: "s" } as const;

const probe = { httpGet: { port: "p", host: "s" }, tcpSocket: { port: "p" }, grpc: { port: "n" } } as const;
const container = {
  name: "s",
  image: "s",
  ports: [{ name: "s", containerPort: "n", protocol: "s" }],
  env: [{ name: "s", value: "d" }],
  command: "d",
  args: "d",
  restartPolicy: "s",
  securityContext: { runAsUser: "n", runAsGroup: "n", privileged: "b", capabilities: { add: ["s"] } },
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
} as const;
const podSpec = {
  hostNetwork: "b",
  nodeName: "s",
  serviceAccountName: "s",
  securityContext: { runAsUser: "n", runAsGroup: "n" },
  containers: [container],
  initContainers: [container],
  restartPolicy: "s",
} as const;
const template = { metadata: { labels: "m", annotations: "m" }, spec: podSpec } as const;

const httpMatch = {
  name: "s",
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: "d",
  withoutHeaders: "d",
  queryParams: "d",
  port: "n",
  sourceLabels: "m",
  sourceNamespace: "s",
  gateways: ["s"],
  ignoreUriCase: "b",
} as const;
const l4Match = {
  destinationSubnets: ["s"],
  sniHosts: ["s"],
  port: "n",
  sourceLabels: "m",
  sourceNamespace: "s",
  sourceSubnet: "s",
  gateways: ["s"],
} as const;
const trafficPolicy = {
  tls,
  portLevelSettings: [{ port, tls }],
  connectionPool: "d",
  outlierDetection: "d",
  loadBalancer: "d",
} as const;
const source = {
  principals: ["s"],
  notPrincipals: ["s"],
  namespaces: ["s"],
  notNamespaces: ["s"],
  serviceAccounts: ["s"],
  notServiceAccounts: ["s"],
  requestPrincipals: ["s"],
  notRequestPrincipals: ["s"],
} as const;
const clientConfig = { url: "s", service: { name: "s", namespace: "s", port: "n" } } as const;

/** The shape of a whole resource, less `apiVersion`, `kind` and `metadata`, by kind. */
export const shapes = {
  Namespace: {},
  Node: {},
  Service: {
    spec: {
      type: "s",
      clusterIP: "s",
      externalName: "s",
      selector: "m",
      ports: [{ name: "s", port: "n", targetPort: "p", protocol: "s", appProtocol: "s", nodePort: "n" }],
    },
  },
  ConfigMap: { data: "m" },
  Secret: { type: "s", data: "d", stringData: "d" },
  ServiceAccount: {},
  Workload: { spec: { template, selector: labelSelector } },
  CronJob: { spec: { jobTemplate: { spec: { template } } } },
  Pod: { spec: podSpec },
  Ingress: {
    spec: {
      defaultBackend: { service: { name: "s", port } },
      rules: [{ host: "s", http: { paths: [{ backend: { service: { name: "s", port } } }] } }],
    },
  },
  VirtualService: {
    spec: {
      hosts: ["s"],
      gateways: ["s"],
      exportTo: ["s"],
      http: [
        {
          name: "s",
          match: [httpMatch],
          route: [weighted],
          mirror: destination,
          mirrors: [{ destination }],
          redirect: "d",
          directResponse: "d",
          delegate: { name: "s", namespace: "s" },
          rewrite: "d",
          retries: { attempts: "n", perTryTimeout: "s", retryOn: "s" },
          timeout: "s",
          fault: { delay: { percent: "n", fixedDelay: "s", percentage: { value: "n" } }, abort: "d" },
          mirrorPercent: "d",
          corsPolicy: { allowOrigin: "d", allowOrigins: "d" },
        },
      ],
      tls: [{ match: [l4Match], route: [weighted] }],
      tcp: [{ match: [l4Match], route: [weighted] }],
    },
  },
  DestinationRule: {
    spec: {
      host: "s",
      exportTo: ["s"],
      trafficPolicy,
      subsets: [{ name: "s", labels: "m", trafficPolicy }],
      workloadSelector: matchLabels,
    },
  },
  Gateway: {
    spec: {
      selector: "m",
      servers: [{ port: { number: "n", name: "s", protocol: "s", targetPort: "n" }, hosts: ["s"], bind: "s", tls }],
    },
  },
  KubernetesGateway: {
    spec: {
      gatewayClassName: "s",
      addresses: [{ type: "s", value: "s" }],
      listeners: [
        {
          name: "s",
          port: "n",
          protocol: "s",
          hostname: "s",
          tls: { mode: "s", certificateRefs: [{ group: "s", kind: "s", name: "s", namespace: "s" }] },
          allowedRoutes: {
            namespaces: { from: "s", selector: labelSelector },
            kinds: [{ group: "s", kind: "s" }],
          },
        },
      ],
    },
    status: { conditions: [condition] },
  },
  GatewayRoute: {
    spec: {
      parentRefs: [{ name: "s", namespace: "s", kind: "s", group: "s", sectionName: "s", port: "n" }],
      hostnames: ["s"],
      rules: [
        {
          matches: "d",
          filters: [{ type: "s", requestMirror: { backendRef } }],
          backendRefs: [backendRef],
          timeouts: { request: "s", backendRequest: "s" },
          retry: { attempts: "n" },
        },
      ],
    },
    status: { parents: [{ conditions: [condition] }] },
  },
  ReferenceGrant: {
    spec: {
      from: [{ group: "s", kind: "s", namespace: "s" }],
      to: [{ group: "s", kind: "s", name: "s" }],
    },
  },
  ServiceEntry: {
    spec: {
      hosts: ["s"],
      addresses: ["s"],
      exportTo: ["s"],
      ports: [{ number: "n", name: "s", protocol: "s", targetPort: "n" }],
      location: "s",
      resolution: "s",
      endpoints: [{ address: "s", labels: "m" }],
      workloadSelector: { labels: "m" },
    },
    status: { addresses: "d", conditions: [condition] },
  },
  WorkloadEntry: { spec: { address: "s", labels: "m", serviceAccount: "s" }, status: { conditions: [condition] } },
  WorkloadGroup: { spec: { metadata: { labels: "m" }, template: { serviceAccount: "s" } } },
  Sidecar: {
    spec: {
      workloadSelector: { labels: "m" },
      egress: [{ hosts: ["s"], port: "d" }],
      ingress: [{ port, defaultEndpoint: "s" }],
      outboundTrafficPolicy: { mode: "s", egressProxy: "d" },
    },
  },
  PeerAuthentication: {
    spec: { selector: matchLabels, mtls: { mode: "s" }, portLevelMtls: "d" },
  },
  RequestAuthentication: {
    spec: {
      selector: matchLabels,
      targetRef,
      targetRefs: [targetRef],
      jwtRules: [{ issuer: "s", jwksUri: "s", jwks: "s" }],
    },
  },
  AuthorizationPolicy: {
    spec: {
      selector: matchLabels,
      targetRef,
      targetRefs: [targetRef],
      action: "s",
      provider: { name: "s" },
      rules: [
        {
          from: [{ source }],
          to: [
            {
              operation: {
                hosts: ["s"],
                notHosts: ["s"],
                ports: ["p"],
                notPorts: ["p"],
                methods: ["s"],
                notMethods: ["s"],
                paths: ["s"],
                notPaths: ["s"],
              },
            },
          ],
          when: [{ key: "s", values: ["s"], notValues: ["s"] }],
        },
      ],
    },
    status: { conditions: [condition] },
  },
  Telemetry: {
    spec: {
      selector: matchLabels,
      targetRef,
      targetRefs: [targetRef],
      accessLogging: [{ disabled: "b", providers: [{ name: "s" }] }],
      tracing: [{ providers: [{ name: "s" }], randomSamplingPercentage: "n", disableSpanReporting: "b" }],
      metrics: [{ providers: [{ name: "s" }] }],
    },
  },
  WasmPlugin: { spec: { selector: matchLabels, targetRef, targetRefs: [targetRef], url: "s" } },
  ProxyConfig: { spec: { selector: matchLabels, image: { imageType: "s" } } },
  EnvoyFilter: {
    spec: {
      workloadSelector: { labels: "m" },
      priority: "n",
      targetRefs: [targetRef],
      configPatches: [
        {
          applyTo: "s",
          match: {
            proxy: { proxyVersion: "s" },
            listener: { filterChain: { filter: { name: "s" } } },
          },
          patch: { operation: "s", value: "d" },
        },
      ],
    },
  },
  Webhooks: {
    webhooks: [{ name: "s", clientConfig, namespaceSelector: labelSelector, objectSelector: labelSelector }],
  },
  CustomResourceDefinition: { spec: { group: "s", names: { kind: "s" } } },
} as const satisfies Record<string, Shape>;

/** The name of a shape: mostly the kind; a few kinds share one. */
export type ShapeName = keyof typeof shapes;

/** The fields of a resource of one shape. */
export type Fields<S extends ShapeName> = Of<(typeof shapes)[S]>;

/** The metadata of a resource, as the rules read it. */
const resourceShape = { metadata: { name: "s", namespace: "s", labels: "m", annotations: "m" } } as const;

const wanted = { s: "a string", n: "a number", b: "true or false", m: "a map of strings", p: "a number or a name" };

function fitScalar(value: unknown, shape: "s" | "n" | "b" | "p"): unknown {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    switch (shape) {
      case "p":
        return typeof value === "boolean" ? undefined : value;
      case "s":
        return typeof value === "string" ? value : undefined;
      case "n":
        return typeof value === "number" ? value : /^\d+$/.test(String(value)) ? Number(value) : undefined;
      case "b":
        return typeof value === "boolean" ? value : undefined;
    }
  }
  return undefined;
}

/** What fitting works with: where it is, what it found, and whether values may be unknown. */
interface Fitting {
  path: (string | number)[];
  misfits: Misfit[];
  unknowns: boolean;
  /** The first list or map whose value is not known yet: what would stand in it is not checked. */
  hidden?: string;
}

/**
 * Whether a shape is a list or a map of fields, which can be wrong inside. A single value of a program has the type of
 * its field.
 */
function isStructure(shape: Shape): boolean {
  return typeof shape !== "string";
}

/** Whether a field is a getter: it stands for a value that is not known yet, and throws when a rule reads it. */
function isUnknown(container: object, key: string | number): boolean {
  return Object.getOwnPropertyDescriptor(container, key)?.get !== undefined;
}

function fitFields(map: Record<string, unknown>, fields: ShapeMap, fitting: Fitting): void {
  for (const key in fields) {
    if (fitting.unknowns && isUnknown(map, key)) {
      if (isStructure(fields[key]!)) {
        fitting.hidden ??= [...fitting.path, key].join(".");
      }
      continue;
    }
    const before = map[key];
    if (before !== undefined) {
      const after = fit(before, fields[key]!, key, fitting);
      if (after !== before) {
        map[key] = after;
      }
    }
  }
}

/** Gives the value as its shape, noting what had to be dropped to get there. Null and missing are the same. */
function fit(value: unknown, shape: Shape, key: string | number, fitting: Fitting): unknown {
  const { path, misfits, unknowns } = fitting;
  if (value === undefined || value === null) {
    return undefined;
  }
  if (shape === "d") {
    return value;
  }
  const misfit = (want: string): undefined => {
    const is = Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : JSON.stringify(value);
    misfits.push({ path: [...path, key], message: `is ${is}, but has to be ${want}`, fix: "Correct its type." });
    return undefined;
  };
  if (typeof shape === "string" && shape !== "m") {
    return fitScalar(value, shape) ?? misfit(wanted[shape]);
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) {
      return misfit("a list");
    }
    const element = shape[0] as Shape;
    path.push(key);
    for (let i = 0; i < value.length; i++) {
      if (unknowns && isUnknown(value, i)) {
        if (isStructure(element)) {
          fitting.hidden ??= [...path, i].join(".");
        }
      } else {
        // An empty item keeps its place, so that the indices in findings are those of the manifest.
        value[i] = fit(value[i], element, i, fitting) ?? (typeof element === "string" ? "" : {});
      }
    }
    path.pop();
    return value;
  }
  if (!isMap(value)) {
    return misfit(shape === "m" ? wanted.m : "a map");
  }
  path.push(key);
  if (shape === "m") {
    for (const name in value) {
      if (unknowns && isUnknown(value, name)) {
        continue;
      }
      const before = value[name];
      if (typeof before !== "string") {
        if (typeof before === "object" && before !== null) {
          misfits.push({ path: [...path, name], message: "is not a string", fix: "Write a string." });
          delete value[name];
        } else if (before === null || before === undefined) {
          value[name] = "";
        } else {
          const text = JSON.stringify(before);
          misfits.push({
            path: [...path, name],
            message: `is ${text}, but has to be a string`,
            fix: `Write "${text}", in quotes.`,
          });
          value[name] = text;
        }
      }
    }
  } else {
    fitFields(value, shape as ShapeMap, fitting);
  }
  path.pop();
  return value;
}

/** Makes a pod template fit its shape, in place, wherever in a custom resource it stands. */
export function fitTemplate(raw: Record<string, unknown>, unknowns: boolean): Of<typeof template> {
  fitFields(raw, template, { path: [], misfits: [], unknowns });
  return raw;
}

/**
 * Makes the fields of a raw resource fit its shape, in place.
 *
 * @param unknowns Whether some of its fields may be getters that throw.
 * @returns what did not fit, and the first field whose value is not known yet.
 */
export function fitResource(
  raw: Record<string, unknown>,
  name: ShapeName | undefined,
  unknowns: boolean,
): { misfits: Misfit[]; hidden?: string } {
  const fitting: Fitting = { path: [], misfits: [], unknowns };
  fitFields(raw, resourceShape, fitting);
  if (name !== undefined) {
    fitFields(raw, shapes[name], fitting);
  }
  const { misfits, hidden } = fitting;
  return { misfits, ...(hidden !== undefined && { hidden }) };
}
