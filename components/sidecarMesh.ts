import * as pulumi from "@pulumi/pulumi";
import { AccessPolicy } from "./accessPolicy";
import { versionName } from "./echoService";
import { guardsMeshConfig } from "./guards";
import { IngressRoutes } from "./ingressRoutes";
import { IngressApi } from "./ingressRoutes";
import { Istio } from "./istio";
import type { IstioArgs } from "./istio";
import { istioNamespaces } from "./istioValues";
import { calledServices, LostConnections } from "./lostConnections";
import { MeshNamespace } from "./meshNamespace";
import { MeshService } from "./meshService";
import type { ServiceSettings } from "./meshService";
import { observabilityNamespace } from "./observability/endpoints";
import type { Dashboards } from "./observability/endpoints";
import { logScraper, Observability } from "./observability/observability";
import { observabilityDefaults, spanReceiver } from "./observability/observabilityArgs";
import type { ObservabilityArgs, ObservabilitySettings } from "./observability/observabilityArgs";
import { joinExtras } from "./podExtras";
import { mergeMeshConfig, MeshTelemetry, telemetryMeshConfig } from "./telemetry";
import { ArgsCheck } from "./validation";

/** A service of a {@link MeshApplication}. */
export interface ApplicationService extends ServiceSettings {
  /** Path on the ingress gateway, for example `/user`. Default: none, the gateway does not lead here. */
  path?: string;
  /**
   * Names of the services of the same application that may call this one. Default none. The gateway may where there is
   * a `path`.
   */
  allowFrom?: string[];
}

/** A namespace of the mesh, with the services in it. */
export interface MeshApplication {
  /** Name of the Namespace. It is made. */
  namespace: string;
  /** What runs there. */
  services: ApplicationService[];
  /**
   * Hosts by which the gateway knows this application. Default `*`: any; no two applications can have that, or share a
   * host.
   */
  hosts?: string[];
  /** Name of a `kubernetes.io/tls` Secret in the gateway's namespace, to serve HTTPS with. Default: HTTP alone. */
  tlsSecret?: pulumi.Input<string>;
}

/** Args of {@link SidecarMesh}. */
export interface SidecarMeshArgs {
  /** At least one namespace with services. */
  applications: MeshApplication[];
  /** Control plane and gateways. Default: those of `Istio`. */
  istio?: IstioArgs;
  /**
   * Backends and pages. Default: Prometheus, Jaeger and Loki; Kiali and Grafana where their args are given. The gateway
   * serves no page.
   */
  observability?: ObservabilitySettings;
  /** Percent of the requests that are traced, 0 to 100. Default 1, as Istio has it. */
  samplingPercent?: number;
  /** The API that paths are declared in; `gateway` is the Kubernetes Gateway API. Default `istio`. */
  ingressApi?: IngressApi;
  /** Refuse each call that no `path` and no `allowFrom` allows. Default true. */
  defaultDeny?: boolean;
}

/**
 * A whole mesh: Istio, what observes it, and namespaces with services behind its ingress gateway. A cluster has room
 * for one.
 *
 * It is made of the components of this package, which can be declared one by one where this is too little; what is
 * declared besides it depends on it.
 */
export class SidecarMesh extends pulumi.ComponentResource {
  /** Namespace of the control plane. */
  readonly systemNamespace: pulumi.Output<string>;
  /** Namespace of the gateways. */
  readonly gatewayNamespace: pulumi.Output<string>;
  /** Name of the ingress gateway's Service, known once the gateway is ready. */
  readonly ingressService: pulumi.Output<string>;
  /** Names of the applications' namespaces, in the order of the args. */
  readonly namespaces: pulumi.Output<string[]>;
  /** How each page that was installed is reached. */
  readonly dashboards: Dashboards;
  /** Password of Grafana's `admin`, a secret; undefined without Grafana. */
  readonly grafanaPassword?: pulumi.Output<string>;

  constructor(name: string, args: SidecarMeshArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:SidecarMesh", name, {}, opts);
    validate(args, this);
    const { applications, samplingPercent = 1 } = args;

    const { tracing } = observabilityDefaults(args.observability ?? {});
    const spans = spanReceiver(tracing, args.observability?.namespace);
    const guards = guardsMeshConfig(applications.flatMap(({ services }) => services));
    const configured = mergeMeshConfig(guards, args.istio?.meshConfig ?? {});
    const istio = new Istio(
      `${name}-istio`,
      {
        gatewayApi: args.ingressApi === "gateway",
        ...args.istio,
        meshConfig: mergeMeshConfig(telemetryMeshConfig(spans), configured),
      },
      { parent: this },
    );
    const afterIstio = { parent: this, dependsOn: istio.controlPlane };
    const observed: ObservabilityArgs = {
      systemNamespace: args.istio?.systemNamespace,
      controlPlaneNamespace: istio.systemNamespace,
      gatewayNamespace: istio.gatewayNamespace,
      meshNamespaces: [
        ...applications.map(({ namespace }) => namespace),
        istio.gatewayNamespace,
        istio.systemNamespace,
      ],
      ...args.observability,
    };
    const observability = new Observability(`${name}-observability`, observed, { parent: this });

    const declared = applications.map((application) => this.declare(name, application, args, istio, observed));
    new MeshTelemetry(
      `${name}-telemetry`,
      {
        systemNamespace: istio.systemNamespace,
        samplingPercent: spans && samplingPercent,
        fileLogNamespaces: declared.flatMap(({ scraped, namespace }) => (scraped ? [namespace] : [])),
        statsAccessLog: args.observability?.statsAccessLog,
      },
      afterIstio,
    );
    new LostConnections(
      `${name}-lost-connections`,
      {
        systemNamespace: istio.systemNamespace,
        services: applications.flatMap(({ namespace, services }) =>
          calledServices(services, args.ingressApi).map((service) => ({ namespace, service })),
        ),
      },
      afterIstio,
    );

    this.systemNamespace = istio.systemNamespace;
    this.gatewayNamespace = istio.gatewayNamespace;
    this.ingressService = istio.ingressService;
    this.namespaces = pulumi.all(declared.map(({ namespace }) => namespace));
    this.dashboards = observability.dashboards;
    this.grafanaPassword = observability.grafanaPassword;
    this.registerOutputs({
      systemNamespace: this.systemNamespace,
      gatewayNamespace: this.gatewayNamespace,
      ingressService: this.ingressService,
      namespaces: this.namespaces,
      dashboards: this.dashboards,
      grafanaPassword: this.grafanaPassword,
    });
  }

  /** Declares an application: its namespace, who may call, its services, and their paths on the gateway. */
  private declare(
    name: string,
    application: MeshApplication,
    { defaultDeny = true, ingressApi, istio: { mtls } = {} }: SidecarMeshArgs,
    istio: Istio,
    observed: ObservabilityArgs,
  ): { namespace: pulumi.Output<string>; scraped: boolean } {
    const at = `${name}-${application.namespace}`;
    const { controlPlane } = istio;
    const meshNamespace = new MeshNamespace(
      at,
      { namespace: application.namespace, revision: istio.revision, mtls },
      { parent: this, dependsOn: controlPlane },
    );
    const { namespace } = meshNamespace;
    const access = defaultDeny
      ? [
          new AccessPolicy(
            `${at}-access`,
            {
              namespace,
              services: application.services.map((service) => ({
                service: service.serviceName,
                callers: callersOf(service, namespace, istio),
              })),
            },
            { parent: this, dependsOn: controlPlane },
          ).inForce,
        ]
      : [];
    const scraper = logScraper(`${at}-log-scraper`, namespace, observed, { parent: this });
    const services = application.services.map((service) => {
      const extras = joinExtras({ annotations: istio.podAnnotations }, scraper?.extras(service), service.extras);
      return new MeshService(
        // With a dot, which neither part can have: a-b.c and a.b-c stay two.
        `${name}-${service.serviceName}.${application.namespace}`,
        { ...service, namespace, extras, versionServices: ingressApi === "gateway" },
        // A pod that starts before the injector is there stays without a sidecar; and none starts unprotected.
        { parent: this, dependsOn: [controlPlane, meshNamespace, ...access] },
      );
    });
    const routes = application.services.flatMap((service, i) =>
      service.path === undefined ? [] : [{ ...service, path: service.path, service: services[i]!.serviceName }],
    );
    if (routes.length > 0) {
      new IngressRoutes(
        at,
        {
          namespace,
          api: ingressApi,
          gatewayLabel: istio.ingressLabel,
          gatewayNamespace: istio.gatewayNamespace,
          gatewayService: istio.ingressServiceAccount,
          hosts: application.hosts,
          tlsSecret: application.tlsSecret,
          routes,
        },
        { parent: this, dependsOn: [controlPlane, ...services] },
      );
    }
    return { namespace, scraped: scraper !== undefined };
  }
}

/**
 * @returns who may call a service: the gateway where it has a path, and the services that it names. Each runs as the
 * account of its name.
 */
function callersOf({ path, allowFrom = [] }: ApplicationService, namespace: pulumi.Output<string>, istio: Istio) {
  const gateway = { namespace: istio.gatewayNamespace, serviceAccount: istio.ingressServiceAccount };
  return [
    ...(path === undefined ? [] : [gateway]),
    ...allowFrom.map((serviceAccount) => ({ namespace, serviceAccount })),
  ];
}

/**
 * Notes each version whose objects would have the name of another's: service `a` of version `b-c`, and service `a-b` of
 * version `c`.
 */
function checkVersionNames(check: ArgsCheck, services: readonly ApplicationService[], at: string): void {
  const owners = new Map(services.map(({ serviceName }, j) => [serviceName, `services[${j}]`]));
  services.forEach(({ serviceName, versions = [] }, j) =>
    versions.forEach(({ version }) => {
      const own = `services[${j}] of version ${version}`;
      const full = versionName(serviceName, version);
      const names = [full, `${full}-service`];
      const taken = names.find((one) => ![undefined, own].includes(owners.get(one)));
      const fix = `${owners.get(taken ?? "")} makes the name ${taken} already; call the version otherwise`;
      check.require(taken === undefined, `${at}.services[${j}].versions`, version, fix);
      names.filter((one) => !owners.has(one)).forEach((one) => owners.set(one, own));
    }),
  );
}

function validate(args: SidecarMeshArgs, resource: pulumi.Resource): void {
  const { applications, ingressApi, istio = {}, observability = {} } = args;
  const taken = [
    istio.systemNamespace ?? istioNamespaces.system,
    istio.gatewayNamespace ?? istioNamespaces.gateway,
    observability.namespace ?? observabilityNamespace,
  ];
  const check = new ArgsCheck("SidecarMesh").requireOneOf("ingressApi", ingressApi, IngressApi);
  check.require(applications.length > 0, "applications", applications, "declare at least one application");
  const owners = new Map<string, number>();
  const authorizers = new Map<string, number>();
  applications.forEach(({ namespace, services, hosts = ["*"] }, i) => {
    const at = `applications[${i}]`;
    const first = applications.findIndex((other) => other.namespace === namespace);
    check.requireOwnNamespace(`${at}.namespace`, namespace);
    const others = "Istio or what observes the mesh is there; use a namespace of its own";
    check.require(!taken.includes(namespace), `${at}.namespace`, namespace, others);
    checkVersionNames(check, services, at);
    check.require(first === i, `${at}.namespace`, namespace, "another application has this namespace; use another");
    check.require(services.length > 0, `${at}.services`, services, "declare at least one service");
    const names = services.map(({ serviceName }) => serviceName);
    services.forEach(({ serviceName, allowFrom = [], extAuthz }, j) => {
      const twice = names.indexOf(serviceName) !== j;
      const fix = "another service of this application has this name; give each its own";
      check.require(!twice, `${at}.services[${j}].serviceName`, serviceName, fix);
      if (extAuthz) {
        const other = authorizers.get(serviceName);
        const clash = `applications[${other}] has a service of this name with an authorizer, and Istio knows authorizers by it; rename one`;
        check.require(other === undefined || other === i, `${at}.services[${j}].extAuthz`, extAuthz.host, clash);
        authorizers.set(serviceName, other ?? i);
      }
      allowFrom.forEach((caller, k) =>
        check.require(
          names.includes(caller),
          `${at}.services[${j}].allowFrom[${k}]`,
          caller,
          `no such service; this application has ${names.join(", ")}`,
        ),
      );
    });
    for (const host of services.some(({ path }) => path !== undefined) ? hosts : []) {
      const owner = owners.get(host);
      const fix = `applications[${owner}] has this host, and the gateway can lead it to one only; give each its own`;
      check.require(owner === undefined, `${at}.hosts`, host, fix);
      owners.set(host, owner ?? i);
    }
  });
  check.done(resource);
}
