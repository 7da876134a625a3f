import { defaultLogFiles } from "../components/applicationLog";
import { versionName } from "../components/echoService";
import type { IngressApi } from "../components/ingressRoutes";
import type { KialiAuth } from "../components/observability/kiali";
import type { LogsKind, MetricsKind } from "../components/observability/observabilityArgs";
import type { TracingKind } from "../components/observability/tracing";
import { rateLimitNamespace } from "../components/rateLimit/rateLimitService";
import { gatewaySecret } from "./componentArgs";
import { callersOf } from "./edges";
import { injectorOf } from "./istioConfig";
import type { StackNamespaces } from "./namespacesConfig";
import type { SecurityConfig } from "./securityConfig";
import type { Settings } from "./settings";
import type { TrafficConfig } from "./trafficConfig";

/** Identity of a workload in the mesh: the service account of its pods. */
export interface Identity {
  namespace: string;
  serviceAccount: string;
}

/** A service as it was declared. */
export interface DeclaredService extends TrafficConfig {
  name: string;
  port: number;
  /** Path on the gateway; without it the service stays inside the mesh. */
  path?: string;
  /** Paths on the gateway that it answers by a call to another service; undefined if there are none. */
  calls?: { path: string; service: string }[];
  /** What it writes to files; undefined if none is read. */
  logFiles?: { folder: string; files: string };
  /** What it may answer with; undefined if only its image knows. */
  texts?: string[];
  /** Names of its Deployments. */
  deployments: string[];
  /** Identities that may call it. */
  callers: Identity[];
  /** Where it asks for a token; undefined if it asks for none. */
  jwt?: { paths?: string[] };
  /** Where it asks an external authorizer; undefined if it asks none. */
  extAuthz?: { paths?: string[] };
}

/** The namespaces of a stack. Code that needs all of them takes them from here; one may be there for several. */
export type DeclaredNamespaces = StackNamespaces & {
  /** Of the services. */
  mesh: string;
  /** Of the rate limit service; undefined if no service has a global limit. */
  rateLimit?: string;
};

/** What the stack declares, for a comparison with the cluster: the output `declared`. */
export interface DeclaredMesh {
  /** Every namespace that the stack makes, by what is in it. */
  namespaces: DeclaredNamespaces;
  /** Revision of the control plane; undefined for the default one. */
  revision?: string;
  /** Tag of Istio's images. */
  istioTag: string;
  mutualTls: SecurityConfig["mutualTls"];
  defaultDeny: boolean;
  /** Each proxy knows what is declared that it calls, and no more. */
  scopedProxies: boolean;
  gateway: {
    /** Name of its Service, Deployment and service account. */
    name: string;
    hosts: string[];
    /** The API that its routes are declared in. Default `istio`. */
    api?: IngressApi;
    /** First part of the names of the Gateway and of the VirtualService, or the HTTPRoutes, with its routes. */
    routes: string;
    /** TLS Secret; undefined for plain HTTP. */
    tlsSecret?: string;
    selfSigned: boolean;
  };
  services: DeclaredService[];
  metrics: { kind: MetricsKind; scrapeSeconds: number };
  tracing: { kind: TracingKind; samplingPercent: number };
  logs: { kind: LogsKind };
  /** How users log in to Kiali; undefined where it is not installed. */
  kiali?: { auth: KialiAuth };
  grafana: boolean;
  /** The dashboards are served under a path of their own. */
  dashboardsExposed: boolean;
  /** Proxies count requests with an access logger, for want of Istio's metrics filter. */
  statsAccessLog: boolean;
  /** Requests per second of the load generator on each edge; undefined if it is off. */
  loadPerSecond?: number;
  /** Images that measurements are made with. */
  images: { fortio: string; httpEcho: string };
}

/** Name of the component with the ingress gateway's routes. */
export const ingressRoutesName = "demo";

/** @returns what the settings declare. */
export function declaredMesh(settings: Settings, gateway: Identity): DeclaredMesh {
  const { profile, namespace, namespaces, istio, security, services, observability, load, rateLimit } = settings;
  const { metrics, tracing, logs } = observability;
  const active = injectorOf(istio);
  return {
    namespaces: {
      ...namespaces,
      mesh: namespace,
      gateway: gateway.namespace,
      rateLimit: rateLimit.limits.length > 0 ? rateLimitNamespace : undefined,
    },
    revision: active.revision,
    istioTag: active.tag,
    mutualTls: security.mutualTls,
    defaultDeny: security.defaultDeny,
    scopedProxies: settings.scope.declared,
    gateway: {
      name: gateway.serviceAccount,
      hosts: settings.gateway.hosts,
      api: settings.gateway.ingressApi,
      routes: ingressRoutesName,
      tlsSecret: gatewaySecret(settings.gateway),
      selfSigned: settings.gateway.selfSigned,
    },
    services: services.map((service) => declaredService(service, namespace, gateway)),
    metrics: { kind: metrics.kind, scrapeSeconds: observability.scrapeSeconds },
    tracing: { kind: tracing.kind, samplingPercent: observability.samplingPercent },
    logs: { kind: logs.kind },
    kiali: observability.kiali ? { auth: profile.observability.kialiAuth } : undefined,
    grafana: observability.grafana,
    dashboardsExposed: observability.dashboardsExposed,
    statsAccessLog: profile.observability.statsAccessLog,
    loadPerSecond: load?.ratePerSecond,
    images: { fortio: profile.images.fortio, httpEcho: profile.images.httpEcho },
  };
}

function declaredService(service: Settings["services"][number], namespace: string, gateway: Identity): DeclaredService {
  const {
    serviceName,
    port,
    path,
    calls,
    timeout,
    retries,
    circuitBreaker,
    rateLimit,
    globalRateLimit,
    fault,
    versions,
    logFiles,
    jwt,
    extAuthz,
  } = service;
  const texts = (versions ?? [service]).map(({ args }) => echoText(args));
  return {
    name: serviceName,
    port,
    path,
    calls: calls.length > 0 ? calls.map(({ path: at, service: callee }) => ({ path: at, service: callee })) : undefined,
    logFiles: logFiles && { folder: logFiles.folder, files: logFiles.files ?? defaultLogFiles },
    texts: texts.every((text) => text !== undefined) ? texts : undefined,
    deployments: versions ? versions.map(({ version }) => versionName(serviceName, version)) : [serviceName],
    callers: callersOf(service, { namespace, gateway }) as Identity[],
    jwt: jwt && { paths: jwt.paths },
    extAuthz: extAuthz && { paths: extAuthz.paths },
    timeout,
    retries,
    circuitBreaker,
    rateLimit,
    globalRateLimit,
    fault,
  };
}

/** @returns the text of http-echo's answers. */
function echoText(args: readonly string[] = []): string | undefined {
  return args.find((arg) => arg.startsWith("-text="))?.slice("-text=".length);
}
