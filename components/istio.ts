import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ChartSource, IstioChart } from "./helmChart";
import { chartReference } from "./helmChart";
import { PeerAuthentication } from "./istioApi/peerAuthentication";
import type { MutualTlsMode } from "./istioApi/peerAuthentication";
import { cniValues, gatewayValues, istiodValues } from "./istioValues";
import type { ControlPlaneSettings, GatewaySettings } from "./istioValues";
import { injectionLabel } from "./meshNamespace";
import { ArgsCheck, isPort } from "./validation";

/** Args of {@link Istio}. */
export interface IstioArgs extends ControlPlaneSettings {
  /** Version of the charts. A local folder has its own and ignores this. */
  version: string;
  /** Where the charts come from. */
  charts: ChartSource;
  /** Namespace of the control plane. Default `istio-system`. */
  systemNamespace?: string;
  /** Namespace of the gateways: apart from the control plane, as Istio advises. Default `istio-ingress`. */
  gatewayNamespace?: string;
  /** The gateway that requests come in through. */
  ingressGateway: GatewaySettings;
  /** The gateway that requests to the outside leave through. Default: none. */
  egressGateway?: GatewaySettings;
  /** What the workloads of every namespace accept, unless the namespace says otherwise. Default `STRICT`: plain text is refused. */
  mtls?: MutualTlsMode;
  /** Seconds that each chart may take to become ready. Default 600. */
  timeoutSeconds?: number;
}

/** Istio from its own Helm charts: resource definitions, then the control plane, then the gateways that it injects. */
export class Istio extends pulumi.ComponentResource {
  /** Namespace of the control plane, known once it exists. */
  readonly systemNamespace: pulumi.Output<string>;
  /** Namespace of the gateways. */
  readonly gatewayNamespace: pulumi.Output<string>;
  /** Name of the ingress gateway's Service, known once the gateway is ready. */
  readonly ingressService: pulumi.Output<string>;
  /** Value of the label `istio` on the ingress gateway's pods; what a Gateway selects. */
  readonly ingressLabel = "ingressgateway";
  /** Service account of the ingress gateway's pods, its identity in the mesh; the chart names it after the release. */
  readonly ingressServiceAccount = "istio-ingressgateway";
  /** Ready control plane: what needs injection or Istio's resource types depends on it, and need not wait for a gateway. */
  readonly controlPlane: pulumi.Resource;
  /** Ready ingress gateway. */
  readonly ingressGateway: pulumi.Resource;

  constructor(name: string, args: IstioArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Istio", name, {}, opts);
    validate(args, this);

    const systemNamespace = new k8s.core.v1.Namespace(
      `${name}-system-namespace`,
      { metadata: { name: args.systemNamespace ?? "istio-system" } },
      { parent: this },
    );
    const gatewayNamespace = new k8s.core.v1.Namespace(
      `${name}-gateway-namespace`,
      { metadata: { name: args.gatewayNamespace ?? "istio-ingress", labels: injectionLabel(args.revision) } },
      { parent: this },
    );
    const release = (
      chart: IstioChart,
      releaseName: string,
      namespace: k8s.core.v1.Namespace,
      values: Record<string, unknown>,
      dependsOn: pulumi.Resource[] = [],
    ) =>
      new k8s.helm.v3.Release(
        `${name}-${releaseName}`,
        {
          ...chartReference(args.charts, chart, args.version),
          name: releaseName,
          namespace: namespace.metadata.name,
          values,
          timeout: args.timeoutSeconds ?? 600,
        },
        { parent: this, dependsOn },
      );

    const base = release("base", "istio-base", systemNamespace, { defaultRevision: args.revision ?? "default" });
    const istiod = release(
      "istiod",
      args.revision ? `istiod-${args.revision}` : "istiod",
      systemNamespace,
      istiodValues(args),
      // A pod that is injected before the node agent runs has nobody to redirect its traffic, and would never become ready.
      args.cni ? [base, release("cni", "istio-cni", systemNamespace, cniValues(args), [base])] : [base],
    );
    new PeerAuthentication(
      `${name}-mtls`,
      {
        // In the control plane's namespace it holds for the whole mesh.
        metadata: { name: "default", namespace: systemNamespace.metadata.name },
        spec: { mtls: { mode: args.mtls ?? "STRICT" } },
      },
      { parent: this, dependsOn: istiod },
    );
    const gateway = (kind: "ingressgateway" | "egressgateway", settings: GatewaySettings) =>
      release("gateway", `istio-${kind}`, gatewayNamespace, gatewayValues(kind, settings, args.revision), [istiod]);

    const ingress = gateway("ingressgateway", args.ingressGateway);
    if (args.egressGateway) {
      gateway("egressgateway", { ...args.egressGateway, serviceType: "ClusterIP", nodePorts: undefined });
    }

    this.controlPlane = istiod;
    this.ingressGateway = ingress;
    this.systemNamespace = systemNamespace.metadata.name;
    this.gatewayNamespace = gatewayNamespace.metadata.name;
    // From the status, so that it is unknown, not wrong, until the release is there.
    this.ingressService = ingress.status.name;
    this.registerOutputs({ gatewayNamespace: this.gatewayNamespace, ingressService: this.ingressService });
  }
}

function validate(args: IstioArgs, resource: pulumi.Resource): void {
  const check = new ArgsCheck("Istio");
  check.require(/^\d+\.\d+\.\d+/.test(args.version), "version", args.version, "use a full version such as 1.30.4");
  if (args.revision !== undefined) {
    check.requireDnsLabel("revision", args.revision);
  }
  for (const [key, port] of Object.entries(args.ingressGateway.nodePorts ?? {})) {
    check.require(isPort(port), `ingressGateway.nodePorts.${key}`, port, "use a port of the cluster's node port range");
  }
  check.done(resource);
}
