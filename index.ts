import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "./components/hosts";
import { AccessPolicy } from "./components/accessPolicy";
import { ExternalHosts } from "./components/externalHosts";
import { gatewayUrl as urlOf, needsLoadBalancer } from "./components/gatewayAddress";
import { GatewayCertificate } from "./components/gatewayCertificate";
import { IngressAddress } from "./components/ingressAddress";
import { IngressRoutes } from "./components/ingressRoutes";
import { Istio } from "./components/istio";
import { loadCompanion, LoadGenerator } from "./components/loadGenerator";
import { calledServices, LostConnections } from "./components/lostConnections";
import { MeshNamespace } from "./components/meshNamespace";
import { MeshService } from "./components/meshService";
import { RateLimitService } from "./components/rateLimit/rateLimitService";
import { withUrls } from "./components/observability/endpoints";
import { logScraper, Observability } from "./components/observability/observability";
import { joinExtras } from "./components/podExtras";
import { callCompanion } from "./components/serviceCalls";
import { MeshTelemetry } from "./components/telemetry";
import { httpsPort } from "./stacks/certificateHosts";
import { gatewayCertificateArgs, gatewayReach, istioArgs, observabilityArgs } from "./stacks/componentArgs";
import { declaredMesh, ingressRoutesName } from "./stacks/declared";
import { declaredText } from "./stacks/declaredText";
import { callersOf } from "./stacks/edges";
import { proxyScopes } from "./stacks/proxyScopes";
import { calleeTargets, gatewayTargets, serviceCalls } from "./stacks/loadTargets";
import { readme as describe, readmeFacts } from "./stacks/readme";
import { readSettings } from "./stacks/settings";

const settings = readSettings();
const { cluster, externalHosts, gateway, load, observability: observabilityConfig, rateLimit, security } = settings;

const provider = new k8s.Provider(
  "cluster",
  cluster.manifestFolder === undefined
    ? {
        kubeconfig: cluster.kubeconfig,
        context: cluster.context,
        // The provider acts on PULUMI_K8S_ENABLE_PATCH_FORCE alone, and takes it as this input: named here, it is no
        // change without the variable.
        enablePatchForce: true,
      }
    : // With no kubeconfig the SDK takes KUBECONFIG's, and the provider wants none when it writes manifests.
      { renderYamlToDirectory: cluster.manifestFolder, kubeconfig: "" },
);
const onCluster = { providers: { kubernetes: provider } };

const istio = new Istio("istio", istioArgs(settings), onCluster);
// Istio's resource types, its webhooks and its injector are there once the control plane is.
const afterIstio = { ...onCluster, dependsOn: istio.controlPlane };

const meshNamespace = new MeshNamespace(
  "mesh",
  {
    namespace: settings.namespace,
    revision: istio.revision,
    mtls: security.mutualTls,
    podSecurity: security.podSecurity,
    allowedNamespaces: security.networkPolicy ? [istio.gatewayNamespace] : undefined,
    resourceQuota: security.resourceQuota,
  },
  afterIstio,
);

const observedArgs = observabilityArgs(settings, istio);
const observability = new Observability("observability", observedArgs, onCluster);
const scraper = logScraper("log-scraper", meshNamespace.namespace, observedArgs, onCluster);

new MeshTelemetry(
  "telemetry",
  {
    systemNamespace: settings.namespaces.system,
    samplingPercent: observabilityConfig.tracing.kind === "none" ? undefined : observabilityConfig.samplingPercent,
    fileLogNamespaces: scraper ? [meshNamespace.namespace] : [],
    statsAccessLog: settings.profile.observability.statsAccessLog,
  },
  afterIstio,
);

new LostConnections(
  "lost-connections",
  {
    systemNamespace: settings.namespaces.system,
    services: calledServices(settings.services, gateway.ingressApi).map((service) => ({
      namespace: settings.namespace,
      service,
    })),
  },
  afterIstio,
);

const edges = {
  namespace: meshNamespace.namespace,
  gateway: { namespace: istio.gatewayNamespace, serviceAccount: istio.ingressServiceAccount },
};
const accessPolicies = security.defaultDeny
  ? [
      new AccessPolicy(
        "access",
        {
          namespace: meshNamespace.namespace,
          services: settings.services.map((service) => ({
            service: service.serviceName,
            callers: callersOf(service, edges),
          })),
        },
        afterIstio,
      ),
    ]
  : [];

const outside =
  externalHosts.length > 0
    ? [new ExternalHosts("external", { namespace: meshNamespace.namespace, hosts: externalHosts }, afterIstio)]
    : [];

const scopes = proxyScopes(settings);
const rateLimitService =
  rateLimit.limits.length > 0
    ? new RateLimitService(
        "rate-limit",
        {
          ...rateLimit,
          servicesNamespace: settings.namespace,
          sizing: settings.profile.rateLimit,
          images: settings.profile.images,
          revision: istio.revision,
          podAnnotations: istio.podAnnotations,
          mtls: security.mutualTls,
          podSecurity: security.podSecurity,
          networkPolicy: security.networkPolicy,
          knownHosts: scopes?.common,
        },
        afterIstio,
      )
    : undefined;

// A pod that starts before the injector is there stays without a sidecar; and none starts unprotected.
const beforePods = [
  istio.controlPlane,
  meshNamespace,
  ...accessPolicies.map(({ inForce }) => inForce),
  ...outside,
  ...(rateLimitService ? [rateLimitService] : []),
];
const callees = load && calleeTargets(settings.services, settings.namespace);
const meshServices = settings.services.map(
  (service) =>
    new MeshService(
      service.serviceName,
      {
        ...service,
        namespace: meshNamespace.namespace,
        versionServices: gateway.ingressApi === "gateway",
        rateLimitService: rateLimitService?.endpoint,
        knownHosts: scopes?.ofService(service),
        callPorts: service.calls.map(({ port }) => port),
        extras: joinExtras(
          { annotations: istio.podAnnotations },
          callCompanion(serviceCalls(service, settings.services, settings.namespace), {
            image: settings.profile.images.fortio,
          }),
          scraper?.extras(service),
          load && loadCompanion(callees?.get(service.serviceName) ?? [], load, service.logFiles),
        ),
      },
      { ...onCluster, dependsOn: beforePods },
    ),
);

const reach = gatewayReach(settings);
const expectedUrl = urlOf(reach);
const certificateArgs = gatewayCertificateArgs(settings);
const certificate =
  certificateArgs &&
  new GatewayCertificate("gateway", { ...certificateArgs, namespace: istio.gatewayNamespace }, onCluster);

const routes = new IngressRoutes(
  ingressRoutesName,
  {
    namespace: meshNamespace.namespace,
    api: gateway.ingressApi,
    gatewayLabel: istio.ingressLabel,
    gatewayNamespace: istio.gatewayNamespace,
    gatewayService: istio.ingressServiceAccount,
    hosts: gateway.hosts,
    tlsSecret: certificate?.secretName ?? gateway.tlsSecret,
    httpsPort: httpsPort(expectedUrl),
    routes: [
      ...settings.services.flatMap((service, i) =>
        [service, ...service.calls].flatMap(({ path, port }) =>
          path === undefined ? [] : [{ ...service, path, port, service: meshServices[i]!.serviceName }],
        ),
      ),
      ...observability.exposedRoutes,
    ],
  },
  { ...onCluster, dependsOn: [istio.controlPlane, ...meshServices] },
);

const loadTargets = gatewayTargets(settings.services, {
  host: pulumi
    .all([istio.ingressService, istio.gatewayNamespace])
    .apply(([service, namespace]) => serviceHost(service, namespace)),
  tls: reach.tls,
  hosts: gateway.hosts,
});
if (load && loadTargets.length > 0) {
  new LoadGenerator(
    "load-generator",
    {
      ...load,
      namespace: meshNamespace.namespace,
      targets: loadTargets,
      podAnnotations: istio.podAnnotations,
      knownHosts: scopes && [...scopes.common, ...scopes.ofGateway],
    },
    { ...onCluster, dependsOn: [istio.controlPlane, meshNamespace, routes] },
  );
}

// Only a cluster knows the address of its load balancer.
const gatewayUrl =
  cluster.manifestFolder === undefined
    ? new IngressAddress(
        "ingress",
        { ...reach, namespace: istio.gatewayNamespace, service: istio.ingressService },
        onCluster,
      ).url
    : pulumi.output(expectedUrl);
const { grafanaPassword } = observability;

/**
 * The stack's outputs. Pulumi warns of one that is undefined: those that a stack can lack are left out where it does.
 */
const outputs = {
  /** For the policy pack: the engine does not pass the stack's configuration to a pack. */
  profile: settings.profile.name,

  /** URL of the ingress gateway; unknown in the first preview. */
  ...((expectedUrl !== undefined || needsLoadBalancer(reach)) && { gatewayUrl }),

  /** URL of each service that has a path on the gateway. */
  services: gatewayUrl.apply((url) =>
    Object.fromEntries(
      settings.services.flatMap(({ serviceName, path }) => (url && path ? [[serviceName, url + path]] : [])),
    ),
  ),

  /** How each dashboard is reached: in the cluster, by a port-forward, and under the gateway where it is exposed. */
  dashboards: gatewayUrl.apply((url) => withUrls(observability.dashboards, observability.exposedRoutes, url)),

  /** Password of Grafana's user `admin`; a secret. */
  ...(grafanaPassword && { grafanaPassword }),

  /** What was declared, as one line of text, for `npm run verify` to compare the cluster with. */
  declared: istio.gatewayNamespace.apply((namespace) =>
    declaredText(declaredMesh(settings, { namespace, serviceAccount: istio.ingressServiceAccount })),
  ),

  /** What to do next, as Markdown. */
  readme: pulumi
    .all([gatewayUrl, istio.gatewayNamespace])
    .apply(([url, gatewayNamespace]) => describe(readmeFacts(settings, url, gatewayNamespace))),
};

export = outputs;
