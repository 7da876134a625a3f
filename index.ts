import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AccessPolicy } from "./components/accessPolicy";
import { EchoService, withAnnotations } from "./components/echoService";
import { gatewayUrl as urlOf, localPorts } from "./components/gatewayAddress";
import { GatewayCertificate } from "./components/gatewayCertificate";
import { IngressAddress } from "./components/ingressAddress";
import { IngressRoutes } from "./components/ingressRoutes";
import { Istio } from "./components/istio";
import { MeshNamespace } from "./components/meshNamespace";
import { ServiceRoutes } from "./components/serviceRoutes";
import { TrafficPolicy } from "./components/trafficPolicy";
import { certificateHosts, httpsPort } from "./stacks/certificateHosts";
import { callersOf } from "./stacks/edges";
import { withUrls } from "./components/observability/endpoints";
import { logScraper, Observability, spanReceiver } from "./components/observability/observability";
import { MeshTelemetry, mergeMeshConfig, telemetryMeshConfig } from "./components/telemetry";
import { readme as describe } from "./stacks/readme";
import { readSettings } from "./stacks/settings";

const {
  profile,
  cluster,
  namespace: namespaceName,
  istio: istioConfig,
  gateway,
  security,
  services: serviceConfigs,
  observability: observabilityConfig,
} = readSettings();

const provider = new k8s.Provider("cluster", { kubeconfig: cluster.kubeconfig, context: cluster.context });
const onCluster = { providers: { kubernetes: provider } };

const istio = new Istio(
  "istio",
  {
    ...istioConfig,
    ...profile.istio,
    meshConfig: mergeMeshConfig(telemetryMeshConfig(spanReceiver(observabilityConfig.tracing)), istioConfig.meshConfig),
    ingressGateway: {
      ...profile.gateway,
      serviceType: gateway.serviceType,
      nodePorts: { http: gateway.httpNodePort, https: gateway.httpsNodePort },
    },
    egressGateway: istioConfig.egressGateway ? profile.gateway : undefined,
    mtls: security.mutualTls,
    outboundTraffic: security.outboundTraffic,
  },
  onCluster,
);

const meshNamespace = new MeshNamespace(
  "mesh",
  {
    namespace: namespaceName,
    revision: istio.revision,
    mtls: security.mutualTls,
    podSecurity: security.podSecurity,
    allowedNamespaces: security.networkPolicy ? [istio.gatewayNamespace] : undefined,
    resourceQuota: security.resourceQuota,
  },
  { ...onCluster, dependsOn: istio.controlPlane },
);

const observabilityArgs = {
  ...profile.observability,
  ...observabilityConfig,
  scrapeSeconds: profile.observability.prometheus.scrapeSeconds,
  systemNamespace: "istio-system",
  controlPlaneNamespace: istio.systemNamespace,
  exposed: observabilityConfig.exposeDashboards,
  kiali: observabilityConfig.kiali
    ? { sizing: profile.observability.kialiSizing, auth: profile.observability.kialiAuth }
    : undefined,
  grafana: observabilityConfig.grafana ? { sizing: profile.observability.grafanaSizing } : undefined,
  images: profile.images,
};
const observability = new Observability("observability", observabilityArgs, onCluster);
const scraper = logScraper("log-scraper", meshNamespace.namespace, observabilityArgs, onCluster);

new MeshTelemetry(
  "telemetry",
  {
    systemNamespace: "istio-system",
    samplingPercent: observabilityConfig.tracing.kind === "none" ? undefined : observabilityConfig.samplingPercent,
    fileLogNamespaces: scraper ? [meshNamespace.namespace] : [],
    statsAccessLog: profile.observability.statsAccessLog,
  },
  { ...onCluster, dependsOn: istio.controlPlane },
);

const trafficPolicies = serviceConfigs.map(
  ({ serviceName, circuitBreaker, rateLimit, versions }) =>
    new TrafficPolicy(
      serviceName,
      {
        namespace: meshNamespace.namespace,
        serviceName,
        circuitBreaker,
        rateLimit,
        versions: versions?.map(({ version }) => version),
      },
      { ...onCluster, dependsOn: istio.controlPlane },
    ),
);

const accessPolicies = security.defaultDeny
  ? [
      new AccessPolicy(
        "access",
        {
          namespace: meshNamespace.namespace,
          services: serviceConfigs.map((service) => ({
            service: service.serviceName,
            callers: callersOf(service, {
              namespace: meshNamespace.namespace,
              gateway: { namespace: istio.gatewayNamespace, serviceAccount: istio.ingressServiceAccount },
            }),
          })),
        },
        { ...onCluster, dependsOn: istio.controlPlane },
      ),
    ]
  : [];

const echoServices = serviceConfigs.map(
  (service, i) =>
    new EchoService(
      service.serviceName,
      {
        ...service,
        namespace: meshNamespace.namespace,
        extras: withAnnotations(scraper?.extras(service), istio.podAnnotations),
      },
      // A pod that starts before the injector is there stays without a sidecar; and none starts unprotected.
      { ...onCluster, dependsOn: [istio.controlPlane, meshNamespace, trafficPolicies[i]!, ...accessPolicies] },
    ),
);

serviceConfigs.forEach(
  (service, i) =>
    new ServiceRoutes(
      service.serviceName,
      {
        ...service,
        namespace: meshNamespace.namespace,
        routeName: service.serviceName,
        service: echoServices[i]!.serviceName,
      },
      { ...onCluster, dependsOn: [trafficPolicies[i]!, echoServices[i]!] },
    ),
);

const reach = {
  address: gateway.address,
  tls: gateway.tlsSecret !== undefined || gateway.selfSigned,
  serviceType: gateway.serviceType,
  clusterKind: cluster.kind,
  nodePorts: { http: gateway.httpNodePort, https: gateway.httpsNodePort },
  nodeAddress: cluster.nodeAddress,
};
const expectedUrl = urlOf(reach);
const certificate = gateway.selfSigned
  ? new GatewayCertificate(
      "gateway",
      {
        namespace: istio.gatewayNamespace,
        secretName: "gateway-self-signed",
        hosts: certificateHosts(gateway.hosts, expectedUrl),
      },
      onCluster,
    )
  : undefined;

new IngressRoutes(
  "demo",
  {
    namespace: meshNamespace.namespace,
    gatewayLabel: istio.ingressLabel,
    hosts: gateway.hosts,
    tlsSecret: certificate?.secretName ?? gateway.tlsSecret,
    httpsPort: httpsPort(expectedUrl),
    routes: [
      ...serviceConfigs.flatMap((service, i) =>
        service.path === undefined ? [] : [{ ...service, path: service.path, service: echoServices[i]!.serviceName }],
      ),
      ...observability.exposedRoutes,
    ],
  },
  { ...onCluster, dependsOn: [istio.controlPlane, ...trafficPolicies, ...echoServices] },
);

const ingress = new IngressAddress(
  "ingress",
  { ...reach, namespace: istio.gatewayNamespace, service: istio.ingressService },
  onCluster,
);

/** URL of the ingress gateway; unknown in the first preview, undefined where the cluster does not tell. */
export const gatewayUrl = ingress.url;

/** URL of each service that has a path on the gateway. */
export const services = gatewayUrl.apply((url) =>
  Object.fromEntries(
    serviceConfigs.flatMap(({ serviceName, path }) => (url && path ? [[serviceName, url + path]] : [])),
  ),
);

/** How each dashboard is reached: in the cluster, by a port-forward, and under the gateway where it is exposed. */
export const dashboards = gatewayUrl.apply((url) =>
  withUrls(observability.dashboards, observability.exposedRoutes, url),
);

/** Password of Grafana's user `admin`; a secret. */
export const grafanaPassword = observability.grafanaPassword;

/** What to do next, as Markdown. */
export const readme = pulumi.all([gatewayUrl, istio.gatewayNamespace]).apply(([url, gatewayNamespace]) =>
  describe({
    gatewayUrl: url,
    selfSigned: gateway.selfSigned,
    namespace: namespaceName,
    services: serviceConfigs,
    withoutImage:
      profile.name === "sandbox" && !observabilityConfig.kiali && !observabilityConfig.grafana
        ? ["Kiali", "Grafana"]
        : [],
    portForward:
      gateway.serviceType === "ClusterIP" || url === undefined
        ? `kubectl --namespace ${gatewayNamespace} port-forward service/istio-ingressgateway ${reach.tls ? `${localPorts.https}:443` : `${localPorts.http}:80`}`
        : undefined,
  }),
);
