import { defaultNodePorts } from "../components/gatewayAddress";
import type { GatewaySettings } from "../components/istioValues";
import type { CertificateIssuer } from "../components/gatewayCertificate";
import { beyondHttpRoute } from "../components/gatewayApi/routeRules";
import { ingressApis, type IngressApi } from "../components/ingressRoutes";
import type { RouteSettings } from "../components/serviceRoute";
import { isDnsSubdomain, isQualifiedName } from "../components/validation";
import type { ConfigProblem } from "./configError";
import type { ConfigReader } from "./configReader";
import type { Profile } from "./profile";

/** What config says of the ingress gateway. */
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
}

/** The default range of node ports in Kubernetes. */
const nodePortRange = { min: 30000, max: 32767 };

const hostPattern = /^(\*|(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/;

/** Reads the keys of the ingress gateway. */
export function readGateway(reader: ConfigReader, profile: Profile): GatewayConfig {
  const serviceType = reader.oneOf(
    "gatewayServiceType",
    ["LoadBalancer", "NodePort", "ClusterIP"],
    profile.gateway.serviceType,
  );
  const httpNodePort = reader.integer("gatewayHttpNodePort", defaultNodePorts.http, nodePortRange);
  const httpsNodePort = reader.integer("gatewayHttpsNodePort", defaultNodePorts.https, nodePortRange);
  if (httpNodePort === httpsNodePort) {
    reader.problem("gatewayHttpsNodePort", httpsNodePort, "gatewayHttpNodePort is the same; give each its own");
  }
  const hosts = reader.texts("gatewayHosts", ["*"]);
  hosts.forEach((host, i) => {
    const first = hosts.indexOf(host);
    if (first < i) {
      reader.problem(`gatewayHosts[${i}]`, host, `gatewayHosts[${first}] is the same; remove one of the two`);
    }
    if (!hostPattern.test(host) || host.length > 253 || host.split(".").some((label) => label.length > 63)) {
      reader.problem(`gatewayHosts[${i}]`, host, "use a host name in lower case, *.example.com, or *");
    }
  });
  if (hosts.length === 0) {
    reader.problem("gatewayHosts", hosts, 'name at least one host, or remove the key for "*"');
  }
  const selfSigned = reader.boolean("gatewaySelfSigned", false);
  const tlsSecret = reader.textThat(
    "gatewayTlsSecret",
    undefined,
    isDnsSubdomain,
    "use the name of a kubernetes.io/tls secret in the namespace of the gateway",
  );
  if (selfSigned && tlsSecret !== undefined) {
    reader.problem("gatewaySelfSigned", true, "gatewayTlsSecret names a certificate already; remove one of the two");
  }
  const issuer = readIssuer(reader, hosts, {
    gatewayTlsSecret: tlsSecret !== undefined,
    gatewaySelfSigned: selfSigned,
  });
  return {
    ingressApi: reader.oneOf("ingressApi", ingressApis, "istio"),
    serviceType,
    annotations: readAnnotations(reader),
    httpNodePort,
    httpsNodePort,
    address: reader.textThat("gatewayAddress", undefined, isAddress, "use host or host:port, without a scheme"),
    hosts,
    tlsSecret,
    selfSigned,
    issuer,
  };
}

/** Reads the issuer of the gateway's certificate. `others` are the keys that name another certificate, and whether they are set. */
function readIssuer(
  reader: ConfigReader,
  hosts: readonly string[],
  others: Readonly<Record<string, boolean>>,
): CertificateIssuer | undefined {
  const key = "gatewayIssuer";
  const text = reader.textThat(
    key,
    undefined,
    (v) => /^(Cluster)?Issuer\/./.test(v) && isDnsSubdomain(v.slice(v.indexOf("/") + 1)),
    "use ClusterIssuer/NAME or Issuer/NAME of cert-manager, for example ClusterIssuer/letsencrypt",
  );
  if (text === undefined) {
    return undefined;
  }
  for (const [other] of Object.entries(others).filter(([, isSet]) => isSet)) {
    reader.problem(key, text, `${other} names a certificate already; remove one of the two`);
  }
  if (hosts.includes("*")) {
    reader.problem(key, text, 'no certificate can be for the host "*"; name the hosts in gatewayHosts');
  }
  const [kind, name] = text.split("/");
  return { kind: kind as CertificateIssuer["kind"], name: name! };
}

/**
 * @returns what is wrong where the gateway would lead nowhere: no service has a path and no dashboard is served there; undefined if it leads
 * somewhere. It is judged once the services can be read.
 */
export function gatewayLeadsNowhere(
  services: readonly { path?: string; calls: readonly unknown[] }[],
  exposeDashboards: boolean,
): ConfigProblem | undefined {
  return exposeDashboards || services.some(({ path, calls }) => path !== undefined || calls.length > 0)
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

/** @returns the annotations as texts; `pulumi config set --path` makes a truth value of `true` and a number of `8080`. */
function readAnnotations(reader: ConfigReader): Record<string, string> {
  const key = "gatewayAnnotations";
  const annotations = reader.object(key);
  for (const [name, value] of Object.entries(annotations)) {
    if (!["string", "boolean", "number"].includes(typeof value)) {
      reader.problem(`${key}.${name}`, value, "use a text");
    }
    if (!isQualifiedName(name)) {
      const fix =
        "no key of an annotation; use NAME or DOMAIN/NAME of letters, digits, -, _ and ., such as example.com/size";
      reader.problem(`${key}.${name}`, value, fix);
    }
  }
  return Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name, String(value)]));
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
