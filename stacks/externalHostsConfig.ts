import { isIP } from "node:net";
import { isExternalHost } from "../components/externalHosts";
import type { ExternalHost } from "../components/externalHosts";
import { serviceEntryProtocols } from "../components/istioApi/serviceEntry";
import { proxyPorts } from "../common/reserved";
import type { ConfigReader } from "./configReader";
import { item, listOf, key as configKey, oneOf, required, text, textsThat, whole } from "./schema";

const key = "externalHosts";

/** Names that only the cluster's own Services have. */
const serviceName = /\.svc(\.cluster\.local)?$/;

const hostFix = "use a full host name in lower case, such as api.example.com, or *.example.com for all below";

/** Protocols whose hosts share one listener of a proxy on each port, and what that listener reads. */
const listenerOf: Partial<Record<ExternalHost["protocol"], "HTTP" | "TLS">> = {
  ...{ HTTP: "HTTP", HTTP2: "HTTP", GRPC: "HTTP" },
  ...{ HTTPS: "TLS", TLS: "TLS" },
};

const host = text
  .refine((v) => isIP(v) === 0, "that is an address; give the host a name, and list the address in addresses")
  .refine((v) => isIP(v) > 0 || isExternalHost(v), hostFix)
  .refine((v) => !serviceName.test(v), "proxies know the cluster's Services already; remove it");

/** The key of the hosts outside of the mesh. */
export const externalHostsKeys = {
  [key]: configKey(
    "Hosts outside the mesh that its proxies know, and REGISTRY_ONLY lets requests to; each with host (or *.host), port, protocol (HTTP, HTTP2, GRPC, HTTPS, TLS, TCP) and optionally addresses.",
    listOf(
      item({
        host: required(host, "unnamed.invalid", "api.example.com"),
        port: required(
          whole(1, 65535).refine(
            (v) => !proxyPorts.includes(v),
            `the proxy itself listens there; use a port other than ${proxyPorts.join(", ")}`,
          ),
          443,
        ),
        protocol: required(oneOf(serviceEntryProtocols), "HTTPS"),
        addresses: textsThat(
          (v) => isIP(v) > 0,
          "use a list of IP addresses, or leave it out for what DNS says",
        ).optional(),
      }),
      "use a list of objects",
    ),
    [],
  ),
};

/** A service of the mesh, whose ports are HTTP's. */
interface HttpService {
  port: number;
  calls: readonly { port: number }[];
}

/** Port of HTTP of the ingress gateway's Service, which proxies know as every other one. */
const gatewayPort = 80;

/**
 * Reads the hosts outside of the mesh that its proxies know.
 * @param services Services of the mesh, whose ports are HTTP's.
 */
export function readExternalHosts(reader: ConfigReader, services: readonly HttpService[]): ExternalHost[] {
  const hosts = reader.read(externalHostsKeys)[key];
  hosts.forEach(({ host, port, protocol, addresses }, i) => {
    const notes = reader.in(`${key}[${i}]`);
    const first = hosts.findIndex((other) => other.host === host && other.port === port);
    if (first < i && !notes.isWrong("host")) {
      notes.noteHere(`${host}:${port}`, `${key}[${first}] is the same; remove one of the two`);
    }
    if (protocol === "TCP" && !addresses && !notes.isWrong("addresses")) {
      notes.problem(
        "addresses",
        undefined,
        "TCP carries no host name, so a proxy knows it by its addresses; name them, or use HTTP, HTTPS or TLS if it is that",
      );
    }
  });
  rejectMixedPorts(reader, hosts, services);
  return hosts;
}

/** A proxy has one listener per port for protocols with a host: it reads HTTP or TLS, and Istio drops the second. */
function rejectMixedPorts(
  reader: ConfigReader,
  hosts: readonly ExternalHost[],
  services: readonly HttpService[],
): void {
  const owners = new Map<number, { reads: "HTTP" | "TLS"; owner: string }>();
  owners.set(gatewayPort, { reads: "HTTP", owner: "the ingress gateway" });
  services.forEach(({ port, calls }, i) => {
    calls.forEach((call, j) => owners.set(call.port, { reads: "HTTP", owner: `services[${i}].calls[${j}]` }));
    owners.set(port, { reads: "HTTP", owner: `services[${i}]` });
  });
  hosts.forEach(({ port, protocol, addresses }, i) => {
    const reads = listenerOf[protocol];
    // With addresses of its own a host of TLS has a listener of its own.
    if (reads === undefined || (reads === "TLS" && addresses)) {
      return;
    }
    const other = owners.get(port);
    if (other && other.reads !== reads) {
      const fix = `${other.owner} has ${other.reads} on port ${port}, and one port is either HTTP or TLS; use another port for one of them`;
      reader.problem(`${key}[${i}].protocol`, protocol, fix);
    } else {
      owners.set(port, other ?? { reads, owner: `${key}[${i}]` });
    }
  });
}
