import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { IstioChart } from "./helmChart";
import { chartReference, gatewayApiChart, parseChartSource } from "./helmChart";
import { PeerAuthentication } from "./istioApi/peerAuthentication";
import { MutualTlsMode } from "./istioApi/peerAuthentication";
import { cniValues, gatewayName, gatewayValues, ingressGateway, istiodValues } from "./istioValues";
import { istioNamespaces, OutboundTraffic, ServiceType } from "./istioValues";
import type { CanaryControlPlane, ControlPlaneArgs, GatewayArgs, GatewayKind, GatewaySettings } from "./istioValues";
import { injectionLabel } from "./meshNamespace";
import { ArgsCheck, isPort } from "./validation";
import { istioChartRepo, istioHub, istioVersion } from "./versions";

/** Args of {@link Istio}. All have defaults: without any, it is a small mesh for trying out. */
export interface IstioArgs extends ControlPlaneArgs {
  /**
   * Version of the charts. A local folder has its own and ignores this. Default: the release that this package was
   * tested with.
   */
  version?: string;
  /**
   * Where the charts come from: a Helm repository (`https://...`), an OCI registry with path (`oci://...`), or a folder
   * on this machine, as `helm pull --untar` leaves it. Default: Istio's own repository.
   */
  charts?: string;
  /** A second control plane beside the first. Default: none. */
  canary?: CanaryControlPlane;
  /** Which of the two injects pods, and so runs the gateways. Default `stable`, the first. */
  injector?: Injector;
  /** Namespace of the control plane. Default `istio-system`. */
  systemNamespace?: string;
  /**
   * Namespace of the gateways: apart from the control plane, as Istio advises, or the same. Default `istio-ingress`.
   */
  gatewayNamespace?: string;
  /** The gateway that requests come in through. Default: one pod behind a Service of type LoadBalancer. */
  ingressGateway?: GatewayArgs;
  /** The gateway that requests to the outside leave through. Default: none. */
  egressGateway?: GatewayArgs;
  /**
   * What the workloads of every namespace accept, unless the namespace says otherwise. Default `STRICT`: plain text is
   * refused.
   */
  mtls?: MutualTlsMode;
  /** Install the resource definitions of the Kubernetes Gateway API that the cluster lacks. Default false. */
  gatewayApi?: boolean;
  /**
   * Declare the charts' objects themselves, as `helm template` prints them, for a provider that writes manifests
   * (`renderYamlToDirectory`): it cannot write a Helm release. Not for a cluster: istiod changes its own webhooks,
   * which Helm leaves alone. Default false.
   */
  manifests?: boolean;
  /** Seconds that each chart may take to become ready. Default 600. */
  timeoutSeconds?: number;
}

/** Which control plane injects pods: the first one, or the second one that is tried beside it. */
export const Injector = { Stable: "stable", Canary: "canary" } as const;

/** One of {@link Injector}. */
export type Injector = (typeof Injector)[keyof typeof Injector];

/** Istio from its own Helm charts: resource definitions, then the control plane, then the gateways that it injects. */
export class Istio extends pulumi.ComponentResource {
  /** Namespace of the control plane, known once it exists. */
  readonly systemNamespace: pulumi.Output<string>;
  /** Namespace of the gateways. */
  readonly gatewayNamespace: pulumi.Output<string>;
  /** Name of the ingress gateway's Service, known once the gateway is ready. */
  readonly ingressService: pulumi.Output<string>;
  /** Value of the label `istio` on the ingress gateway's pods; what a Gateway selects. */
  readonly ingressLabel: string = ingressGateway;
  /** Service account of the ingress gateway's pods, its identity in the mesh; the chart names it after the release. */
  readonly ingressServiceAccount: string = gatewayName(ingressGateway);
  /** Revision that injects pods; undefined is the default one. What is injected has to be labelled with it. */
  readonly revision?: string;
  /**
   * Annotations of pods that are injected. They change with the control plane and its version, so that the pods are
   * made anew, which is the only way to give them its sidecar.
   */
  readonly podAnnotations: Record<string, string>;
  /**
   * Ready control plane: what needs injection or Istio's resource types depends on it, and need not wait for a gateway.
   */
  // Pulumi's analyzer passes over accessors: a program in another language depends on the component itself.
  accessor controlPlane: pulumi.Resource;
  /** Ready ingress gateway. */
  accessor ingressGateway: pulumi.Resource;

  constructor(name: string, args: IstioArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Istio", name, {}, opts);
    const settings = withDefaults(args);
    validate(settings, this);

    const { canary } = settings;
    const active = settings.injector === "canary" && canary ? canary : settings;
    this.revision = active.revision;
    this.podAnnotations = { "sidecar-mesh/istio": `${active.revision ?? "default"}/${active.tag}` };
    const { systemNamespace, gatewayNamespace } = declareNamespaces(name, settings, active.revision, this);
    const release = (
      chart: IstioChart | "gateway-api",
      releaseName: string,
      namespace: k8s.core.v1.Namespace,
      values: Record<string, unknown>,
      dependsOn: pulumi.Resource[] = [],
      version = settings.version,
    ) => {
      const chartArgs = {
        ...(chart === "gateway-api"
          ? { chart: gatewayApiChart() }
          : chartReference(parseChartSource(settings.charts), chart, version)),
        name: releaseName,
        namespace: namespace.metadata.name,
        values,
      };
      const own = { parent: this, dependsOn };
      if (settings.manifests) {
        return new k8s.helm.v4.Chart(`${name}-${releaseName}`, chartArgs, own);
      }
      return new k8s.helm.v3.Release(
        `${name}-${releaseName}`,
        {
          ...chartArgs,
          timeout: settings.timeoutSeconds ?? 600,
          // Helm looks every two seconds whether the API server serves the resource definitions, which it does within
          // one. Their objects wait for istiod, which takes longer; and if a type is not served yet all the same,
          // Pulumi's provider tries again.
          ...((chart === "base" || chart === "gateway-api") && { skipAwait: true }),
        },
        // In another namespace, a gateway's node ports are taken until the old one is gone.
        { ...own, ...(chart === "gateway" && { deleteBeforeReplace: true }) },
      );
    };

    // Resource definitions serve older control planes, but not newer ones.
    const newest = canary && isNewer(canary.version, settings.version) ? canary.version : settings.version;
    const base = release(
      "base",
      "istio-base",
      systemNamespace,
      { defaultRevision: active.revision ?? "default" },
      [],
      newest,
    );
    const gatewayApi = settings.gatewayApi
      ? [release("gateway-api", "gateway-api", systemNamespace, { onlyMissing: !settings.manifests })]
      : [];
    // If a pod is injected before the node agent runs, its traffic is not redirected and it never becomes ready.
    const nodeAgent = settings.cni ? [release("cni", "istio-cni", systemNamespace, cniValues(settings), [base])] : [];
    const before = [base, ...gatewayApi, ...nodeAgent];
    // A resource is named after its revision, so that a canary stays the same resource when it becomes the first
    // control plane.
    const controlPlane = (revision: string | undefined, version: string, values: Record<string, unknown>) =>
      release("istiod", revision ? `istiod-${revision}` : "istiod", systemNamespace, values, before, version);
    const stable = controlPlane(settings.revision, settings.version, istiodValues(settings));
    // Images of another name or digest are the first one's.
    const second =
      canary &&
      controlPlane(canary.revision, canary.version, istiodValues({ ...settings, ...canary, images: undefined }));
    const istiod = active === canary ? second! : stable;
    new PeerAuthentication(
      `${name}-mtls`,
      {
        // In the control plane's namespace it holds for the whole mesh.
        metadata: { name: "default", namespace: systemNamespace.metadata.name },
        spec: { mtls: { mode: settings.mtls ?? "STRICT" } },
      },
      { parent: this, dependsOn: istiod },
    );
    const gateway = (kind: GatewayKind, settings: GatewayArgs) =>
      release(
        "gateway",
        gatewayName(kind),
        gatewayNamespace,
        gatewayValues(kind, { ...defaultGateway, ...settings }, this.revision, this.podAnnotations),
        [istiod],
      );

    const ingress = gateway(ingressGateway, settings.ingressGateway);
    if (settings.egressGateway) {
      gateway("egressgateway", {
        ...settings.egressGateway,
        serviceType: "ClusterIP",
        annotations: undefined,
        nodePorts: undefined,
      });
    }

    this.controlPlane = istiod;
    this.ingressGateway = ingress;
    this.systemNamespace = systemNamespace.metadata.name;
    this.gatewayNamespace = gatewayNamespace.metadata.name;
    // From the status, so that it is unknown, not wrong, until the release is there.
    this.ingressService =
      ingress instanceof k8s.helm.v3.Release ? ingress.status.name : pulumi.output(this.ingressServiceAccount);
    this.registerOutputs({ gatewayNamespace: this.gatewayNamespace, ingressService: this.ingressService });
  }
}

/** One pod, without requests and limits of our own. */
const defaultGateway: GatewaySettings = { serviceType: "LoadBalancer", resources: {}, scaling: { replicas: 1 } };

function withDefaults(args: IstioArgs) {
  const { version = istioVersion } = args;
  return {
    ...args,
    version,
    charts: args.charts ?? istioChartRepo,
    hub: args.hub ?? istioHub,
    tag: args.tag ?? version,
    istiodResources: args.istiodResources ?? {},
    sidecarResources: args.sidecarResources ?? {},
    istiodScaling: args.istiodScaling ?? { replicas: 1 },
    ingressGateway: args.ingressGateway ?? {},
  };
}

/** Declares the namespaces of the control plane and of the gateways, which may be one. */
function declareNamespaces(
  name: string,
  {
    systemNamespace: system = istioNamespaces.system,
    gatewayNamespace: ofGateways = istioNamespaces.gateway,
  }: IstioArgs,
  revision: string | undefined,
  parent: pulumi.Resource,
): { systemNamespace: k8s.core.v1.Namespace; gatewayNamespace: k8s.core.v1.Namespace } {
  const declare = (part: string, metadata: k8s.types.input.meta.v1.ObjectMeta) =>
    new k8s.core.v1.Namespace(`${name}-${part}-namespace`, { metadata }, { parent });
  const systemNamespace = declare("system", { name: system });
  return {
    systemNamespace,
    // Where both are one, the label of the gateways' pods has them injected; that of the namespace would be for istiod
    // as well.
    gatewayNamespace:
      ofGateways === system
        ? systemNamespace
        : declare("gateway", { name: ofGateways, labels: injectionLabel(revision) }),
  };
}

function validate(args: ReturnType<typeof withDefaults>, resource: pulumi.Resource): void {
  const check = new ArgsCheck("Istio")
    .requireOwnNamespace("systemNamespace", args.systemNamespace ?? istioNamespaces.system)
    .requireOwnNamespace("gatewayNamespace", args.gatewayNamespace ?? istioNamespaces.gateway)
    .requireOneOf("injector", args.injector, Injector)
    .requireOneOf("mtls", args.mtls, MutualTlsMode)
    .requireOneOf("outboundTraffic", args.outboundTraffic, OutboundTraffic)
    .requireOneOf("ingressGateway.serviceType", args.ingressGateway.serviceType, ServiceType);
  check.require(/^\d+\.\d+\.\d+/.test(args.version), "version", args.version, "use a full version such as 1.31.4");
  if (args.revision !== undefined) {
    check.requireDnsLabel("revision", args.revision);
  }
  if (args.canary !== undefined) {
    check.requireDnsLabel("canary.revision", args.canary.revision);
    check.require(
      args.canary.revision !== args.revision,
      "canary.revision",
      args.canary.revision,
      "the first control plane has this revision; use another",
    );
  }
  check.require(
    args.injector !== "canary" || args.canary !== undefined,
    "injector",
    args.injector,
    "there is no canary; declare one, or use stable",
  );
  for (const [key, port] of Object.entries(args.ingressGateway.nodePorts ?? {})) {
    check.require(isPort(port), `ingressGateway.nodePorts.${key}`, port, "use a port of the cluster's node port range");
  }
  check.done(resource);
}

/** @returns true if version `a` comes after `b`. */
function isNewer(a: string, b: string): boolean {
  return a.localeCompare(b, "en", { numeric: true }) > 0;
}
