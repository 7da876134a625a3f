import { defaultNodePorts } from "../components/gatewayAddress";
import type { GatewaySettings } from "../components/istioValues";
import type { CertificateIssuer } from "../components/gatewayCertificate";
import { beyondHttpRoute } from "../components/gatewayApi/routeRules";
import { IngressApi } from "../components/ingressRoutes";
import type { RouteSettings } from "../components/serviceRoute";
import { isDnsSubdomain, isQualifiedName } from "../components/validation";
import type { ConfigProblem } from "./configError";
import { z } from "zod";
import type { ConfigReader, Notes } from "./configReader";
import { flag, key, oneOf, textThat, whole } from "./schema";
import type { Profile } from "./profile";

/** What config says of the gateways. */
export interface GatewayConfig {
  /** The API that its routes are declared in. */
  ingressApi: IngressApi;
  serviceType: GatewaySettings["serviceType"];
  /** Annotations of its Service. */
  annotations: Record<string, string>;
  httpNodePort: number;
  httpsNodePort: number;
  /** `host` or `host:port` at which the gateway is reached. Default: found out from the cluster. */
  address?: string;
  hosts: string[];
  /** TLS secret; HTTP alone when left out. */
  tlsSecret?: string;
  /** Make a self-signed certificate, and serve HTTPS with it. */
  selfSigned: boolean;
  /** Issuer of cert-manager that makes the certificate for `hosts`; HTTPS is served with it. */
  issuer?: CertificateIssuer;
  /** Install an egress gateway as well. */
  egressGateway: boolean;
}

/** The default range of node ports in Kubernetes. */
const nodePort = whole(30000, 32767);

const hostPattern = /^(\*|(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/;

const isHost = (v: string) =>
  hostPattern.test(v) && v.length <= 253 && v.split(".").every((label) => label.length <= 63);

const isIssuer = (v: string) => /^(Cluster)?Issuer\/./.test(v) && isDnsSubdomain(v.slice(v.indexOf("/") + 1));

/** Keys of the gateways. */
export const gatewayKeys = {
  ingressApi: key(
    "API that the gateway's routes are declared in, istio (Gateway and VirtualService) or gateway (Gateway and HTTPRoute of the Kubernetes Gateway API).",
    oneOf(Object.values(IngressApi)),
    "istio",
  ),
  gatewayServiceType: key(
    "Type of the ingress gateway's Service, LoadBalancer, NodePort or ClusterIP. auto takes NodePort in dev, LoadBalancer in prod.",
    oneOf(["LoadBalancer", "NodePort", "ClusterIP"]),
  ),
  gatewayAnnotations: key(
    "Annotations of the ingress gateway's Service, by which a cloud's load balancer is chosen and set up.",
    z.record(
      z
        .string()
        .refine(
          isQualifiedName,
          "no key of an annotation; use NAME or DOMAIN/NAME of letters, digits, -, _ and ., such as example.com/size",
        ),
      // `pulumi config set --path` makes a truth value of `true` and a number of `8080`.
      z.union([z.string(), z.boolean(), z.number()], "use a text").transform(String),
      "use an object",
    ),
    {},
  ),
  gatewayHttpNodePort: key("Node port of the gateway's HTTP, for NodePort.", nodePort, defaultNodePorts.http),
  gatewayHttpsNodePort: key("Node port of the gateway's HTTPS, for NodePort.", nodePort, defaultNodePorts.https),
  gatewayAddress: key(
    "Address (host or host:port) at which the gateway is reached. auto finds it out.",
    textThat(isAddress, "use host or host:port, without a scheme"),
  ),
  gatewayHosts: key(
    "Hosts that the gateway serves.",
    z
      .array(textThat(isHost, "use a host name in lower case, *.example.com, or *"), "use a list of texts")
      .min(1, 'name at least one host, or remove the key for "*"')
      .superRefine((hosts, context) =>
        hosts.forEach((host, i) => {
          const first = hosts.indexOf(host);
          if (first < i) {
            const message = `gatewayHosts[${first}] is the same; remove one of the two`;
            context.addIssue({ code: "custom", path: [i], message });
          }
        }),
      ),
    ["*"],
  ),
  gatewayTlsSecret: key(
    "TLS secret in the namespace of the gateway (istio-ingress, or istio-system with articleNames); with it the gateway serves HTTPS and redirects HTTP. auto serves HTTP.",
    textThat(isDnsSubdomain, "use the name of a kubernetes.io/tls secret in the namespace of the gateway"),
  ),
  gatewaySelfSigned: key(
    "Make a self-signed certificate for gatewayHosts and the gateway's address, and serve HTTPS with it; it is valid for a year and renewed by pulumi up in each half of a year.",
    flag,
    false,
  ),
  gatewayIssuer: key(
    "Issuer of cert-manager (ClusterIssuer/NAME or Issuer/NAME, installed already) that makes and renews the certificate for gatewayHosts; HTTPS is served with it. auto has none.",
    textThat(isIssuer, "use ClusterIssuer/NAME or Issuer/NAME of cert-manager, for example ClusterIssuer/letsencrypt"),
  ),
  egressGateway: key("Install an egress gateway as well.", flag, false),
};

/** Reads the keys of the ingress gateway. */
export function readGateway(reader: ConfigReader, profile: Profile): GatewayConfig {
  const own = reader.read(gatewayKeys);
  const { gatewayHttpsNodePort: httpsNodePort, gatewayHosts: hosts, gatewaySelfSigned: selfSigned } = own;
  if (own.gatewayHttpNodePort === httpsNodePort) {
    reader.problem("gatewayHttpsNodePort", httpsNodePort, "gatewayHttpNodePort is the same; give each its own");
  }
  const serviceType = own.gatewayServiceType ?? profile.gateway.serviceType;
  for (const [key, port] of Object.entries({
    gatewayHttpNodePort: [own.gatewayHttpNodePort, defaultNodePorts.http],
    gatewayHttpsNodePort: [httpsNodePort, defaultNodePorts.https],
  })) {
    if (serviceType !== "NodePort" && port[0] !== port[1]) {
      reader.problem(key, port[0], "only used with gatewayServiceType: NodePort; set that, or remove this key");
    }
  }
  if (selfSigned && own.gatewayTlsSecret !== undefined) {
    reader.problem("gatewaySelfSigned", true, "gatewayTlsSecret names a certificate already; remove one of the two");
  }
  if (own.gatewayIssuer !== undefined) {
    checkIssuer(own.gatewayIssuer, reader, hosts, {
      gatewayTlsSecret: own.gatewayTlsSecret !== undefined,
      gatewaySelfSigned: selfSigned,
    });
  }
  const [kind, name] = own.gatewayIssuer?.split("/") ?? [];
  return {
    ingressApi: own.ingressApi,
    serviceType,
    annotations: own.gatewayAnnotations,
    httpNodePort: own.gatewayHttpNodePort,
    httpsNodePort,
    address: own.gatewayAddress,
    hosts,
    tlsSecret: own.gatewayTlsSecret,
    selfSigned,
    issuer: kind === undefined ? undefined : { kind: kind as CertificateIssuer["kind"], name: name! },
    egressGateway: own.egressGateway,
  };
}

/** Notes what an issuer can't do. `others` are the keys that name another certificate, and whether they are set. */
function checkIssuer(
  issuer: string,
  notes: Notes,
  hosts: readonly string[],
  others: Readonly<Record<string, boolean>>,
): void {
  for (const [other] of Object.entries(others).filter(([, isSet]) => isSet)) {
    notes.problem("gatewayIssuer", issuer, `${other} names a certificate already; remove one of the two`);
  }
  if (hosts.includes("*")) {
    notes.problem("gatewayIssuer", issuer, 'no certificate can be for the host "*"; name the hosts in gatewayHosts');
  }
}

/**
 * @returns what is wrong where the gateway would lead nowhere: no service has a path and no dashboard is served there;
 * undefined if it leads somewhere. It is judged once the services can be read.
 */
export function gatewayLeadsNowhere(
  services: readonly { path?: string; calls: readonly unknown[] }[],
  dashboardsExposed: boolean,
): ConfigProblem | undefined {
  return dashboardsExposed || services.some(({ path, calls }) => path !== undefined || calls.length > 0)
    ? undefined
    : {
        key: "services[0].path",
        value: undefined,
        fix: "no service has a path, so that the gateway leads nowhere; give one of them a path, for example /shop",
      };
}

/** Notes what services behind the gateway ask for that its API cannot express. */
export function rejectBeyondApi(
  reader: ConfigReader,
  { ingressApi }: Pick<GatewayConfig, "ingressApi">,
  services: readonly (RouteSettings & { path?: string; calls: readonly unknown[] })[],
): void {
  services.forEach((service, i) => {
    const open = service.path !== undefined || service.calls.length > 0;
    for (const { field, value, fix } of ingressApi === "gateway" && open ? beyondHttpRoute(service) : []) {
      reader.problem(
        `services[${i}].${field}`,
        value,
        `${fix}, take its paths off the gateway, or set ingressApi to istio`,
      );
    }
  });
}

/** @returns true for a host, or a host and a port: what a URL has between its scheme and its path. */
function isAddress(value: string): boolean {
  const [host = "", port] = value.split(":");
  const labels = host.split(".");
  return (
    /^[^:]+(:\d{1,5})?$/.test(value) &&
    labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label)) &&
    (port === undefined || (Number(port) >= 1 && Number(port) <= 65535)) &&
    URL.canParse(`http://${value}`)
  );
}
