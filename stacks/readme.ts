import { localPorts } from "../components/gatewayAddress";
import { isGuarded } from "../components/guards";
import { gatewayName, ingressGateway } from "../components/istioValues";
import { gatewayReach } from "./componentArgs";
import { curl } from "./curl";
import { kubectlCommand } from "./kubectl";
import type { ServiceConfig } from "./servicesConfig";
import type { Settings } from "./settings";

/** Input of {@link readme}. */
export interface ReadmeFacts {
  /** URL of the gateway; undefined if it is not known. */
  gatewayUrl?: string;
  /** Hosts that the gateway serves. */
  hosts: readonly string[];
  /** The gateway's certificate is self-signed. */
  selfSigned?: boolean;
  /** Namespace of the services. */
  namespace: string;
  services: readonly Pick<ServiceConfig, "serviceName" | "path" | "jwt">[];
  /** Command that opens the gateway on this machine, where nothing else does. */
  portForward?: string;
  /** The kubectl command that asks this cluster. */
  kubectl: string;
  /** Command that points the shell's kubectl at the cluster, where the kubeconfig does not. */
  pointKubectl?: string;
  /** Dashboards that this profile leaves out because there is no image of them. Default none. */
  withoutImage?: readonly string[];
}

/**
 * @returns the input of {@link readme} for a stack whose gateway is at `gatewayUrl`, in the namespace
 * `gatewayNamespace`.
 */
export function readmeFacts(settings: Settings, gatewayUrl: string | undefined, gatewayNamespace: string): ReadmeFacts {
  const { gateway, istio, namespace, observability, services } = settings;
  // Images that are not releases bear this name; they are made for the embedded cluster.
  const embedded = istio.hub === "sandbox.local";
  const { tls, serviceType } = gatewayReach(settings);
  const kubectl = kubectlCommand(settings.cluster);
  const forwardedPorts = tls ? `${localPorts.https}:443` : `${localPorts.http}:80`;
  return {
    gatewayUrl,
    hosts: gateway.hosts,
    kubectl,
    selfSigned: gateway.selfSigned,
    namespace,
    services,
    pointKubectl: embedded ? 'eval "$(npm run --silent env)"' : undefined,
    withoutImage: embedded && !observability.kiali && !observability.grafana ? ["Kiali", "Grafana"] : [],
    portForward:
      serviceType === "ClusterIP" || gatewayUrl === undefined
        ? `${kubectl} --namespace ${gatewayNamespace} port-forward service/${gatewayName(ingressGateway)} ${forwardedPorts}`
        : undefined,
  };
}

/** @returns what to do next, as Markdown: Pulumi's console shows the output `readme` so. */
export function readme(facts: ReadmeFacts): string {
  const { gatewayUrl, kubectl, namespace, services, portForward, pointKubectl, withoutImage = [] } = facts;
  const asked = { ...facts, url: gatewayUrl ?? "http://ADDRESS" };
  const requests = services.flatMap(({ path, jwt }) =>
    path
      ? [`${curl(asked, path)}${jwt && isGuarded({ jwt }, path) ? ' --header "Authorization: Bearer $TOKEN"' : ""}`]
      : [],
  );
  return [
    "# Sidecar mesh",
    "",
    ...(gatewayUrl ? [] : ["The gateway's address is unknown. Set `gatewayAddress`, or forward a port.", ""]),
    ...(pointKubectl ? ["Let this shell's kubectl find the cluster:", "", "```", pointKubectl, "```", ""] : []),
    ...(portForward ? ["Open the gateway on this machine:", "", "```", portForward, "```", ""] : []),
    "Send requests through the gateway:",
    "",
    "```",
    ...requests,
    "```",
    "",
    "See the containers of each pod, the application and its sidecars:",
    "",
    "```",
    `${kubectl} --namespace ${namespace} get pods`,
    "```",
    "",
    "Open the dashboards that are installed: `npm run dashboards`.",
    "",
    ...(withoutImage.length > 0
      ? [`Left out, because the sandbox's registries have no build of them: ${withoutImage.join(", ")}.`, ""]
      : []),
  ].join("\n");
}
