import { isIP } from "node:net";
import { isExternalHost } from "../components/externalHosts";
import type { ExternalHost } from "../components/externalHosts";
import { serviceEntryProtocols } from "../components/istioApi/serviceEntry";
import type { ConfigReader } from "./configReader";
import { ItemReader } from "./itemReader";

const key = "externalHosts";

/** Keys of an item of `externalHosts`. */
export const externalHostKeys = ["host", "port", "protocol", "addresses"] as const;

/** Names that only the cluster's own Services have. */
const serviceName = /\.svc(\.cluster\.local)?$/;

const hostFix = "use a full host name in lower case, such as api.example.com, or *.example.com for all below";

/** Reads the hosts outside of the mesh that its proxies know. */
export function readExternalHosts(reader: ConfigReader): ExternalHost[] {
  const hosts = (reader.objects(key) ?? []).map((item, i) =>
    readExternalHost(new ItemReader(reader, item, `${key}[${i}]`, externalHostKeys)),
  );
  hosts.forEach(({ host, port }, i) => {
    const first = hosts.findIndex((other) => other.host === host && other.port === port);
    if (first < i && isExternalHost(host)) {
      reader.problem(`${key}[${i}]`, `${host}:${port}`, `${key}[${first}] is the same; remove one of the two`);
    }
  });
  return hosts;
}

function readExternalHost(item: ItemReader): ExternalHost {
  const host = item.required("host", readHost(item), "unnamed", "api.example.com");
  const port = item.required("port", item.whole("port", 1, 65535), 443);
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
