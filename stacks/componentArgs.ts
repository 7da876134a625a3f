import type * as pulumi from "@pulumi/pulumi";
import { gatewayUrl } from "../components/gatewayAddress";
import type { GatewayReach } from "../components/gatewayAddress";
import type { GatewayCertificateArgs } from "../components/gatewayCertificate";
import { guardsMeshConfig } from "../components/guards";
import type { IstioArgs } from "../components/istio";
import { spanReceiver } from "../components/observability/observabilityArgs";
import type { ObservabilityArgs } from "../components/observability/observabilityArgs";
import { rateLimitNamespace } from "../components/rateLimit/rateLimitService";
import { mergeMeshConfig, telemetryMeshConfig } from "../components/telemetry";
import { certificateHosts } from "./certificateHosts";
import type { GatewayConfig } from "./gatewayConfig";
import { kubectlCommand } from "./kubectl";
import type { Settings } from "./settings";

/** @returns the control plane and gateways that config and profile ask for. */
export function istioArgs(settings: Settings): IstioArgs {
  const { profile, istio, gateway, namespaces, scope, security, services, observability, cluster } = settings;
  const spans = spanReceiver(observability.tracing, namespaces.observability);
  const configured = mergeMeshConfig(guardsMeshConfig(services), istio.meshConfig);
  return {
    ...istio,
    ...profile.istio,
    systemNamespace: namespaces.system,
    gatewayNamespace: namespaces.gateway,
    meshConfig: mergeMeshConfig(telemetryMeshConfig(spans), configured),
    ingressGateway: {
      ...profile.gateway,
      serviceType: gateway.serviceType,
      annotations: gateway.annotations,
      nodePorts: { http: gateway.httpNodePort, https: gateway.httpsNodePort },
    },
    egressGateway: gateway.egressGateway ? profile.gateway : undefined,
    mtls: security.mutualTls,
    outboundTraffic: security.outboundTraffic,
    filterGatewayClusters: scope.declared,
    gatewayApi: gateway.ingressApi === "gateway",
    manifests: cluster.manifestFolder !== undefined,
  };
}

/**
 * @param istio Namespaces of control plane and gateways, known once they exist.
 * @returns the backends and pages that config asks for, in the profile's sizes.
 */
export function observabilityArgs(
  { profile, observability, cluster, namespace, namespaces, rateLimit, services }: Settings,
  istio: { systemNamespace: pulumi.Output<string>; gatewayNamespace: pulumi.Output<string> },
): ObservabilityArgs {
  const sizes = profile.observability;
  return {
    ...sizes,
    ...observability,
    objectives: services.flatMap(({ serviceName, slo }) => (slo ? [{ ...slo, service: serviceName, namespace }] : [])),
    namespace: namespaces.observability,
    existingNamespace: namespaces.observability === namespaces.system ? istio.systemNamespace : undefined,
    systemNamespace: namespaces.system,
    controlPlaneNamespace: istio.systemNamespace,
    gatewayNamespace: istio.gatewayNamespace,
    meshNamespaces: [
      namespace,
      ...(namespaces.gateway === namespaces.system ? [] : [istio.gatewayNamespace]),
      istio.systemNamespace,
      ...(rateLimit.limits.length > 0 ? [rateLimitNamespace] : []),
    ],
    kubectl: kubectlCommand(cluster),
    kiali: observability.kiali ? { sizing: sizes.kialiSizing, auth: sizes.kialiAuth } : undefined,
    grafana: observability.grafana
      ? {
          sizing: sizes.grafanaSizing,
          // Who may look at Kiali without a name may look at dashboards as well.
          anonymousViewers: sizes.kialiAuth === "anonymous",
        }
      : undefined,
    images: profile.images,
  };
}

/** @returns how the ingress gateway is reached, from config and kubeconfig. */
export function gatewayReach({ gateway, cluster }: Settings): GatewayReach {
  return {
    address: gateway.address,
    tls: gatewaySecret(gateway) !== undefined,
    serviceType: gateway.serviceType,
    clusterKind: cluster.kind,
    nodePorts: { http: gateway.httpNodePort, https: gateway.httpsNodePort },
    nodeAddress: cluster.nodeAddress,
  };
}

/** @returns the name of the Secret with the gateway's certificate; undefined where it serves HTTP alone. */
export function gatewaySecret({ issuer, selfSigned, tlsSecret }: GatewayConfig): string | undefined {
  return issuer ? "gateway-issued" : selfSigned ? "gateway-self-signed" : tlsSecret;
}

/**
 * @returns the certificate that is to be made for the gateway; undefined where there is none, or a Secret has it
 * already.
 */
export function gatewayCertificateArgs(settings: Settings): Omit<GatewayCertificateArgs, "namespace"> | undefined {
  const { hosts, issuer, selfSigned } = settings.gateway;
  const secretName = gatewaySecret(settings.gateway)!;
  if (issuer) {
    // What an issuer vouches for are names that it can look up.
    return { secretName, hosts, issuer };
  }
  return selfSigned ? { secretName, hosts: certificateHosts(hosts, gatewayUrl(gatewayReach(settings))) } : undefined;
}
