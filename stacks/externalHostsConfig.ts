import { isIP } from "node:net";
import { isExternalHost } from "../components/externalHosts";
import type { ExternalHost } from "../components/externalHosts";
import { serviceEntryProtocols } from "../components/istioApi/serviceEntry";
import { proxyPorts } from "../components/validation";
import type { ConfigReader } from "./configReader";
import { ItemReader } from "./itemReader";

const key = "externalHosts";

/** Keys of an item of `externalHosts`. */
export const externalHostKeys = ["host", "port", "protocol", "addresses"] as const;

/** Names that only the cluster's own Services have. */
const serviceName = /\.svc(\.cluster\.local)?$/;

const hostFix = "use a full host name in lower case, such as api.example.com, or *.example.com for all below";

/** Protocols whose hosts share one listener of a proxy on each port, and what that listener reads. */
const listenerOf: Partial<Record<ExternalHost["protocol"], "HTTP" | "TLS">> = {
  ...{ HTTP: "HTTP", HTTP2: "HTTP", GRPC: "HTTP" },
  ...{ HTTPS: "TLS", TLS: "TLS" },
};

/**
 * Reads the hosts outside of the mesh that its proxies know.
 * @param services Services of the mesh, whose ports are HTTP's.
 */
export function readExternalHosts(
  reader: ConfigReader,
  services: readonly { serviceName: string; port: number }[],
): ExternalHost[] {
  const hosts = (reader.objects(key) ?? []).map((item, i) =>
    readExternalHost(new ItemReader(reader, item, `${key}[${i}]`, externalHostKeys)),
  );
  hosts.forEach(({ host, port }, i) => {
    const first = hosts.findIndex((other) => other.host === host && other.port === port);
    if (first < i && isExternalHost(host)) {
      reader.problem(`${key}[${i}]`, `${host}:${port}`, `${key}[${first}] is the same; remove one of the two`);
    }
  });
  rejectMixedPorts(reader, hosts, services);
  return hosts;
}

/** A proxy has one listener per port for protocols with a host: it reads HTTP or TLS, and Istio drops the second. */
function rejectMixedPorts(
  reader: ConfigReader,
  hosts: readonly ExternalHost[],
  services: readonly { serviceName: string; port: number }[],
): void {
  const owners = new Map<number, { reads: "HTTP" | "TLS"; owner: string }>();
  services.forEach(({ port }, i) => owners.set(port, { reads: "HTTP", owner: `services[${i}]` }));
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

function readExternalHost(item: ItemReader): ExternalHost {
  const host = item.required("host", readHost(item), "unnamed", "api.example.com");
  const port = item.required("port", item.whole("port", 1, 65535), 443);
  if (proxyPorts.includes(port)) {
    item.problem("port", port, `the proxy itself listens there; not one of ${proxyPorts.join(", ")}`);
  }
  const protocol = item.required("protocol", item.oneOf("protocol", serviceEntryProtocols), "HTTPS");
  const addresses = item.value(
    "addresses",
    (v): v is string[] =>
      Array.isArray(v) && v.length > 0 && v.every((one) => typeof one === "string" && isIP(one) > 0),
    "use a list of IP addresses, or leave it out for what DNS says",
  );
  if (protocol === "TCP" && !item.has("addresses")) {
    item.problem(
      "addresses",
      undefined,
      "TCP carries no host name, so a proxy knows it by its addresses; name them, or use HTTP, HTTPS or TLS if it is that",
    );
  }
  return { host, port, protocol, ...(addresses && { addresses }) };
}

function readHost(item: ItemReader): string | undefined {
  const host = item.text("host");
  if (host === undefined) {
    return undefined;
  }
  if (isIP(host) > 0) {
    item.problem("host", host, "that is an address; give the host a name, and list the address in addresses");
  } else if (!isExternalHost(host)) {
    item.problem("host", host, hostFix);
  } else if (serviceName.test(host)) {
    item.problem("host", host, "proxies know the cluster's Services already; remove it");
  }
  return host;
}
