/** Who serves a Gateway and what it opens: Istio's Gateways, and those of the Gateway API of which istiod makes such. */
import { X509Certificate } from "node:crypto";
import { fqdn } from "./hosts";
import type { Mesh } from "./mesh";
import type { Resource } from "./resource";

/** A Gateway of either API. */
export type AnyGateway = Resource<"Gateway"> | Resource<"KubernetesGateway">;

/** A port of a Gateway. */
export interface ServedPort {
  number?: number;
  hosts: readonly string[];
  bind: string;
  /** The field that holds it. */
  field: string;
  /** The field with its number. */
  numberField: string;
}

/** A Gateway, as proxies get it. */
export interface Serving {
  /** Labels of the pods that serve it. */
  selector: Record<string, string> | undefined;
  /** The field that says so. */
  selectorField: string;
  ports: ServedPort[];
}

/** All Gateways, of both APIs. */
export function allGateways(mesh: Mesh): AnyGateway[] {
  return [...mesh.gateways, ...mesh.of("KubernetesGateway")];
}

/** The Service that a Gateway of the Gateway API names for its address; undefined where it names none, and Istio makes one. */
export function addressOf(gateway: AnyGateway): { host: string; field: string } | undefined {
  if (gateway.shape !== "KubernetesGateway") {
    return undefined;
  }
  const { namespace, fields } = gateway;
  const { gatewayClassName, addresses = [] } = fields.spec ?? {};
  const at = addresses.findIndex(({ type }) => type === "Hostname");
  const host = addresses[at]?.value;
  return gatewayClassName !== "istio" || host === undefined
    ? undefined
    : { host: fqdn(host, namespace), field: `spec.addresses[${at}].value` };
}

/** What a Gateway comes to; undefined where pods of its own serve it, or some of which nothing is declared. */
export function servingOf(mesh: Mesh, gateway: AnyGateway): Serving | undefined {
  if (gateway.shape === "Gateway") {
    const { selector, servers = [] } = gateway.fields.spec ?? {};
    const ports = servers.map(({ port, hosts = [], bind = "" }, i) => {
      const field = `spec.servers[${i}]`;
      return { number: port?.number, hosts, bind, field, numberField: `${field}.port.number` };
    });
    // Of a gateway's servers on one port the last one's hosts stand for it, as they do where Istio merges them.
    const merged = ports.map((one, i) =>
      ports.slice(i + 1).some(({ number }) => number === one.number) ? { ...one, hosts: [] } : one,
    );
    return { selector, selectorField: "spec.selector", ports: merged };
  }
  const address = addressOf(gateway);
  const selector = address && mesh.service(address.host, gateway.namespace)?.fields.spec?.selector;
  const { listeners = [] } = (gateway as Resource<"KubernetesGateway">).fields.spec ?? {};
  return (
    selector && {
      selector,
      selectorField: address.field,
      ports: listeners.map(({ port, hostname = "*" }, i) => {
        const field = `spec.listeners[${i}]`;
        return { number: port, hosts: [hostname], bind: "", field, numberField: `${field}.port` };
      }),
    }
  );
}

/** A value of a Secret, whichever way it is written. */
function secretValue(secret: Resource<"Secret">, key: string): string | undefined {
  const { data, stringData } = secret.fields as {
    data?: Record<string, unknown>;
    stringData?: Record<string, unknown>;
  };
  const encoded = data?.[key];
  const plain = stringData?.[key];
  return typeof plain === "string"
    ? plain
    : typeof encoded === "string"
      ? Buffer.from(encoded, "base64").toString()
      : undefined;
}

/** Why a Secret cannot serve as a gateway's certificate; undefined if it can. */
export function flawOf(secret: Resource<"Secret">): string | undefined {
  const certificate = secretValue(secret, "tls.crt") ?? secretValue(secret, "cert");
  const key = secretValue(secret, "tls.key") ?? secretValue(secret, "key");
  if (!certificate || !key) {
    return `it lacks ${certificate ? "tls.key" : "tls.crt"}`;
  }
  try {
    const { validTo } = new X509Certificate(certificate);
    return new Date(validTo).getTime() < Date.now() ? `its certificate expired on ${validTo}` : undefined;
  } catch {
    return "its tls.crt is no certificate";
  }
}
