/** How Istio determines the protocol of a port. */

const protocols = new Set([
  "tcp",
  "udp",
  "grpc",
  "grpc-web",
  "http",
  "http_proxy",
  "http2",
  "https",
  "tls",
  "mongo",
  "redis",
  "mysql",
]);
const kubernetesProtocols: Record<string, string> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "https",
};

/** Ports whose servers speak first: Istio takes them for TCP where nothing else is said. */
const wellKnownTcp = new Set([25, 53, 3306, 27017]);

/** Ports of protocols in which the server speaks first, so that sniffing the client's bytes would wait forever. */
export const serverFirst: ReadonlyMap<number, string> = new Map([
  [21, "FTP"],
  [25, "SMTP"],
  [110, "POP3"],
  [143, "IMAP"],
  [587, "SMTP"],
  [3306, "MySQL"],
  [5432, "PostgreSQL"],
  [27017, "MongoDB"],
]);

/** A protocol by its name, in any case; undefined where Istio has none of that name. */
export function protocolNamed(name: string | undefined): string | undefined {
  const lower = (name ?? "").toLowerCase();
  return protocols.has(lower) ? lower : undefined;
}

/** Whether gateways and routes treat a protocol as HTTP. */
export function isHttp(protocol: string | undefined): boolean {
  return protocol !== undefined && ["http", "http2", "http_proxy", "grpc", "grpc-web"].includes(protocol);
}

/** Whether connections of a protocol start with TLS. */
export function isTls(protocol: string | undefined): boolean {
  return protocol === "https" || protocol === "tls";
}

/** A port of a Service, as far as its protocol goes. */
export interface NamedPort {
  name?: string;
  port?: number;
  protocol?: string;
  appProtocol?: string;
}

/** The protocol that a port declares by its appProtocol, or else by its name; undefined where it declares none. */
export function declaredProtocol({ name, port, protocol, appProtocol }: NamedPort): string | undefined {
  if (protocol === "UDP") {
    return "udp";
  }
  const kubernetes = appProtocol === undefined ? undefined : kubernetesProtocols[appProtocol];
  if (kubernetes !== undefined) {
    return kubernetes;
  }
  const text = appProtocol ?? name ?? "";
  if (text.toLowerCase().startsWith("grpc-web")) {
    return "grpc-web";
  }
  return protocolNamed(text.split("-", 1)[0]) ?? (port !== undefined && wellKnownTcp.has(port) ? "tcp" : undefined);
}
