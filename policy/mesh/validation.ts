/** What Istio's own validation refuses or warns of, for the mistakes that its types allow. */
import { STATUS_CODES } from "node:http";
import { isIP } from "node:net";
import { isRange } from "./addresses";
import { RE2JS } from "re2js";
import { hostsMatch } from "./hosts";
import { milliseconds } from "./durations";
import { isHttp, isTls, protocolNamed } from "./protocols";
import { nearest } from "../../common/nearest";
import { keyed, type Resource } from "./resource";
import { meshGateway } from "./routes";
import { isEmpty } from "./selectors";
import type { ShapeName } from "./shapes";

/** Something that validation has to say of a field. */
export interface Flaw {
  field: string;
  message: string;
  fix: string;
  /** Accepted all the same. */
  warning?: true;
}

type Say = (field: string, message: string, fix: string) => void;
type Validator<S extends ShapeName> = (resource: Resource<S>, error: Say, warn: Say) => void;

const label = /^[a-zA-Z0-9]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?$/;
const portName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i;

/** Why a host, which may start with a wildcard, is none. */
function hostFlaw(host: string): string | undefined {
  if (host === "") {
    return "is empty";
  }
  const labels = (host.startsWith("*.") ? host.slice(2) : host === "*" ? "" : host).replace(/\.$/, "").split(".");
  if (host === "*" || (/^[\d.]+$|:/.test(host) && isIP(host) !== 0)) {
    return undefined;
  }
  const wrong = labels.find((part, i) => !(label.test(part) || (i === 0 && /^\*[-\w]*$/.test(part))));
  return host.length > 255 || wrong !== undefined
    ? `is no host name${wrong ? `: ${JSON.stringify(wrong)} is no label` : ""}`
    : undefined;
}

function checkDuration(error: Say, field: string, value: string | undefined): void {
  const duration = milliseconds(value);
  if (value !== undefined && (duration === undefined || duration < 1)) {
    error(
      field,
      `${JSON.stringify(value)} is no duration of a millisecond or more.`,
      "Write one such as 1.5s or 250ms.",
    );
  }
}

function checkPort(error: Say, field: string, port: number | undefined): void {
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    error(field, `${port} is no port: ports are from 1 to 65535.`, "Correct the port.");
  }
}

function checkExport(error: Say, exportTo: readonly string[] | undefined): void {
  if (exportTo !== undefined && exportTo.length > 1 && exportTo.includes("*")) {
    error("spec.exportTo", "It names all namespaces (*) together with others.", "Write * alone, or leave it out.");
  }
}

type HttpRoute = NonNullable<NonNullable<Resource<"VirtualService">["fields"]["spec"]>["http"]>[number];

function checkHttp(error: Say, warn: Say, route: HttpRoute, field: string, delegated: boolean): void {
  const { route: targets = [], redirect, directResponse, delegate, rewrite, fault, retries, mirror, mirrors } = route;
  if (delegate !== undefined) {
    if (redirect !== undefined || targets.length > 0) {
      error(field, "A rule that delegates must not route or redirect by itself.", "Remove route and redirect.");
    }
    if (delegated) {
      error(`${field}.delegate`, "A delegate cannot delegate further.", "Remove it.");
    }
  } else {
    const ways = [targets.length > 0 && "route", redirect && "redirect", directResponse && "directResponse"].filter(
      Boolean,
    );
    if (ways.length === 0) {
      error(field, "The rule says nothing of where requests go.", "Add route, redirect or directResponse.");
    } else if (ways.length > 1) {
      error(field, `The rule has ${ways.join(" and ")}, which exclude each other.`, "Keep one of them.");
    } else if (ways[0] !== "route" && (fault !== undefined || rewrite !== undefined)) {
      error(
        field,
        `The rule has ${String(ways[0])} with fault or rewrite, which exclude each other.`,
        "Keep one of them.",
      );
    }
  }
  if (mirror !== undefined && mirrors !== undefined && mirrors.length > 0) {
    error(`${field}.mirror`, "The rule has both mirror and mirrors.", "Keep mirrors.");
  }
  targets.forEach(({ destination, weight }, i) => {
    const at = `${field}.route[${i}]`;
    if (destination === undefined) {
      error(at, "The route has no destination.", "Add destination.host.");
    } else {
      const flaw = destination.host === "*" ? "is a wildcard" : hostFlaw(destination.host ?? "");
      if (flaw !== undefined) {
        error(`${at}.destination.host`, `The destination's host ${flaw}.`, "Name one host.");
      }
      checkPort(error, `${at}.destination.port.number`, destination.port?.number);
    }
    if (weight !== undefined && weight < 0) {
      error(`${at}.weight`, `The weight ${weight} is negative.`, "Use a weight of 0 or more.");
    }
  });
  if (targets.length > 1 && targets.every(({ weight = 0 }) => weight === 0)) {
    error(`${field}.route`, "The weights of the destinations add up to 0.", "Give them weights.");
  }
  if (retries !== undefined) {
    const { attempts = 0, perTryTimeout, retryOn } = retries;
    if (attempts === 0 && (perTryTimeout !== undefined || retryOn !== undefined)) {
      error(`${field}.retries`, "Retries are configured with 0 attempts, which switches them off.", "Set attempts.");
    }
    checkDuration(error, `${field}.retries.perTryTimeout`, perTryTimeout);
  }
  checkDuration(error, `${field}.timeout`, route.timeout);
  checkDuration(error, `${field}.fault.delay.fixedDelay`, fault?.delay?.fixedDelay);
  const percentage = fault?.delay?.percentage?.value;
  if (percentage !== undefined && (percentage < 0 || percentage > 100)) {
    error(`${field}.fault.delay.percentage.value`, `${percentage} is no percentage.`, "Use 0 to 100.");
  }
  if (route.mirrorPercent !== undefined) {
    warn(`${field}.mirrorPercent`, "mirrorPercent is deprecated.", "Use mirrorPercentage.");
  }
  checkRegexes(error, route.match, `${field}.match`);
  checkRegexes(error, route.corsPolicy?.allowOrigins, `${field}.corsPolicy.allowOrigins`);
  const rewritten = (rewrite as { uriRegexRewrite?: { match?: string } } | undefined)?.uriRegexRewrite?.match;
  checkRegexes(error, { regex: rewritten }, `${field}.rewrite.uriRegexRewrite.match`);
  for (const policy of (retries?.retryOn ?? "").split(",").map((one) => one.trim())) {
    if (policy !== "" && !retryPolicies.includes(policy) && STATUS_CODES[policy] === undefined) {
      const near = nearest(policy, retryPolicies);
      error(
        `${field}.retries.retryOn`,
        `${JSON.stringify(policy)} is no retryOn policy.`,
        near === undefined ? `Use ${retryPolicies.join(", ")}, or status codes.` : `Write ${near}.`,
      );
    }
  }
}

/** When Envoy can retry, as istiod takes it: `supportedRetryOnPolicies` in its validation. Status codes count as well. */
const retryPolicies: readonly string[] = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** The longest regular expression that istiod takes. */
const maxRegex = 1024;

/** Checks each regular expression in a part of a rule: Envoy reads them as RE2, which has no look-around and no back-references. */
function checkRegexes(error: Say, value: unknown, field: string): void {
  if (typeof value !== "object" || value === null) {
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const at = Array.isArray(value)
      ? `${field}[${key}]`
      : field.endsWith(".match") && key === "regex"
        ? field
        : keyed(field, key);
    if (key !== "regex" || typeof item !== "string") {
      checkRegexes(error, item, at);
      continue;
    }
    const wrong = item.length > maxRegex ? `longer than ${maxRegex} characters` : regexProblem(item);
    if (wrong !== undefined) {
      error(
        at,
        `${JSON.stringify(item)} is no regular expression of RE2, which Envoy reads: ${wrong}.`,
        "Correct it, or use several matches in order.",
      );
    }
  }
}

function regexProblem(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, "");
  }
}

const virtualService: Validator<"VirtualService"> = ({ fields: { spec = {} } }, error, warn) => {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec;
  const delegated = hosts.length === 0;
  if (delegated && gateways.length > 0) {
    error("spec.gateways", "A delegate (it has no hosts) must not name gateways.", "Remove them, or add hosts.");
  }
  if (delegated && tls.length + tcp.length > 0) {
    error("spec", "A delegate (it has no hosts) must have http rules only.", "Remove tls and tcp, or add hosts.");
  }
  if (http.length + tls.length + tcp.length === 0) {
    error("spec", "It has no rule.", "Add http, tls or tcp.");
  }
  const forMesh = gateways.length === 0 || gateways.includes(meshGateway);
  hosts.forEach((host, i) => {
    const flaw = hostFlaw(host);
    if (flaw !== undefined) {
      error(`spec.hosts[${i}]`, `The host ${JSON.stringify(host)} ${flaw}.`, "Correct it.");
    } else if (host === "*" && forMesh) {
      error(`spec.hosts[${i}]`, "The host * is not allowed for sidecars.", "Name hosts, or bind it to gateways only.");
    } else {
      const double = hosts.findIndex((other, j) => j > i && hostsMatch(host, other));
      if (double > 0) {
        error(`spec.hosts[${double}]`, `The hosts ${host} and ${hosts[double]} overlap.`, "Keep one of them.");
      }
    }
  });
  http.forEach((route, i) => checkHttp(error, warn, route, `spec.http[${i}]`, delegated));
  for (const [name, routes] of [
    ["tls", tls],
    ["tcp", tcp],
  ] as const) {
    routes.forEach(({ route = [], match = [] }, i) => {
      if (route.length === 0) {
        error(`spec.${name}[${i}]`, "The rule has no route.", "Add a route.");
      }
      if (name === "tls" && match.length === 0) {
        error(`spec.tls[${i}]`, "A rule for TLS has to match SNI hosts.", "Add match.sniHosts.");
      }
    });
  }
  checkExport(error, spec.exportTo);
};

type ServerTls = NonNullable<NonNullable<NonNullable<Resource<"Gateway">["fields"]["spec"]>["servers"]>[number]["tls"]>;

function checkServerTls(error: Say, warn: Say, tls: ServerTls, field: string): void {
  const { mode = "PASSTHROUGH", credentialName, credentialNames, serverCertificate, privateKey, caCertificates } = tls;
  const credential = Boolean(credentialName) || (credentialNames ?? []).length > 0;
  const files = [serverCertificate, privateKey, caCertificates].some(Boolean);
  if (mode === "ISTIO_MUTUAL") {
    if (credential || files) {
      error(field, "Mode ISTIO_MUTUAL uses Istio's certificates, but others are named.", "Remove them.");
    }
  } else if (mode.endsWith("PASSTHROUGH")) {
    if (credential || files) {
      warn(field, `Mode ${mode} does not use certificates: they are ignored.`, "Remove them, or set the mode.");
    }
  } else if (!credential && ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"].includes(mode)) {
    if (!serverCertificate || !privateKey) {
      error(
        field,
        `Mode ${mode} needs a certificate and its key.`,
        "Set credentialName, or serverCertificate and privateKey.",
      );
    }
    if (mode !== "SIMPLE" && !caCertificates) {
      error(field, `Mode ${mode} needs the CA that verifies clients.`, "Set caCertificates, or credentialName.");
    }
  }
}

const gateway: Validator<"Gateway"> = ({ fields: { spec = {} } }, error, warn) => {
  const { servers = [] } = spec;
  if (servers.length === 0) {
    error("spec.servers", "The gateway has no server.", "Add one.");
  }
  const names = new Set<string>();
  servers.forEach(({ port, hosts = [], tls }, i) => {
    const at = `spec.servers[${i}]`;
    if (hosts.length === 0) {
      error(`${at}.hosts`, "The server has no host.", 'Add hosts, such as "*".');
    }
    hosts.forEach((host, j) => {
      const name = host.slice(host.indexOf("/") + 1);
      const flaw = hostFlaw(name);
      if (flaw !== undefined) {
        error(`${at}.hosts[${j}]`, `The host ${JSON.stringify(host)} ${flaw}.`, "Correct it.");
      }
    });
    if (port === undefined) {
      error(at, "The server has no port.", "Add port.number, port.name and port.protocol.");
      return;
    }
    const protocol = protocolNamed(port.protocol);
    if (protocol === undefined) {
      const is = port.protocol === undefined ? "none" : JSON.stringify(port.protocol);
      error(
        `${at}.port.protocol`,
        `Its protocol is ${is}, which Istio does not know.`,
        "Use HTTP, HTTPS, GRPC, HTTP2, TLS, TCP, ...",
      );
    }
    if (!port.name) {
      error(`${at}.port`, "The port has no name.", "Name it.");
    } else if (names.has(port.name)) {
      error(`${at}.port.name`, `The port name ${port.name} is used twice.`, "Use another.");
    }
    names.add(port.name ?? "");
    checkPort(error, `${at}.port.number`, port.number ?? 0);
    if (port.targetPort) {
      error(`${at}.port.targetPort`, "A gateway's port has no target port.", "Remove it.");
    }
    if (protocol !== undefined && isTls(protocol) && tls === undefined) {
      error(at, `A server with protocol ${port.protocol} needs TLS settings.`, "Add tls.");
    } else if (protocol !== undefined && !isTls(protocol) && tls !== undefined) {
      const redirects = isHttp(protocol) && (tls.mode === undefined || tls.mode.endsWith("PASSTHROUGH"));
      if (!redirects) {
        error(
          `${at}.tls`,
          `A server with protocol ${port.protocol} takes no TLS settings.`,
          "Use HTTPS or TLS, or remove them.",
        );
      }
    }
    if (tls !== undefined) {
      checkServerTls(error, warn, tls, `${at}.tls`);
      if (tls.httpsRedirect === true && !isHttp(protocol)) {
        warn(`${at}.tls.httpsRedirect`, "httpsRedirect is for HTTP servers only.", "Remove it.");
      }
    }
  });
};

type TrafficPolicy = NonNullable<Resource<"DestinationRule">["fields"]["spec"]>["trafficPolicy"];

function checkTraffic(error: Say, warn: Say, policy: TrafficPolicy, field: string): void {
  if (policy === undefined) {
    return;
  }
  if (Object.keys(policy).length === 0) {
    error(field, "The traffic policy is empty.", "Fill it in, or remove it.");
  }
  const { tls, outlierDetection, loadBalancer } = policy;
  const outlier = (outlierDetection ?? {}) as Record<string, unknown>;
  if (outlier["consecutiveErrors"] !== undefined) {
    warn(
      `${field}.outlierDetection.consecutiveErrors`,
      "consecutiveErrors is deprecated.",
      "Use consecutive5xxErrors.",
    );
  }
  const { localityLbSetting } = (loadBalancer ?? {}) as {
    localityLbSetting?: { failover?: unknown[]; failoverPriority?: unknown[]; enabled?: boolean };
  };
  const failover = [...(localityLbSetting?.failover ?? []), ...(localityLbSetting?.failoverPriority ?? [])];
  if (failover.length > 0 && outlierDetection === undefined) {
    warn(
      `${field}.loadBalancer.localityLbSetting`,
      "Failover between localities has no effect without outlierDetection: no endpoint is ever taken for failed.",
      "Add outlierDetection to the same traffic policy.",
    );
  }
  for (const key of ["interval", "baseEjectionTime"]) {
    const value = outlier[key];
    if (typeof value === "string") {
      checkDuration(error, `${field}.outlierDetection.${key}`, value);
    }
  }
  for (const key of ["maxEjectionPercent", "minHealthPercent"]) {
    const value = outlier[key];
    // int32 in the API, unlike the percentages of routes.
    if (typeof value === "number" && !(Number.isInteger(value) && value >= 0 && value <= 100)) {
      error(`${field}.outlierDetection.${key}`, `${value} is no whole percentage.`, "Use a whole number, 0 to 100.");
    }
  }
  if (tls?.mode === "MUTUAL" && !tls.credentialName && !(tls.clientCertificate && tls.privateKey)) {
    error(
      `${field}.tls`,
      "Mode MUTUAL needs the client's certificate and key.",
      "Set clientCertificate and privateKey, or credentialName.",
    );
  }
  if (tls?.mode === "ISTIO_MUTUAL" && (tls.clientCertificate || tls.privateKey || tls.caCertificates)) {
    error(`${field}.tls`, "Mode ISTIO_MUTUAL uses Istio's certificates, but others are named.", "Remove them.");
  }
}

const destinationRule: Validator<"DestinationRule"> = ({ fields: { spec = {} } }, error, warn) => {
  const flaw = hostFlaw(spec.host ?? "");
  if (flaw !== undefined) {
    error("spec.host", `The host ${flaw}.`, "Name a service.");
  }
  checkTraffic(error, warn, spec.trafficPolicy, "spec.trafficPolicy");
  const names = new Set<string>();
  spec.subsets?.forEach(({ name = "", trafficPolicy }, i) => {
    if (!label.test(name)) {
      error(
        `spec.subsets[${i}].name`,
        `The subset name ${JSON.stringify(name)} is none.`,
        "Use letters, digits and dashes.",
      );
    } else if (names.has(name)) {
      error(`spec.subsets[${i}].name`, `The subset name ${name} is used twice.`, "Use another.");
    }
    names.add(name);
    checkTraffic(error, warn, trafficPolicy, `spec.subsets[${i}].trafficPolicy`);
  });
  checkExport(error, spec.exportTo);
};

const serviceEntry: Validator<"ServiceEntry"> = ({ fields: { spec = {} } }, error, warn) => {
  const { hosts = [], ports = [], addresses = [], endpoints = [], resolution = "NONE", workloadSelector } = spec;
  if (hosts.length === 0) {
    error("spec.hosts", "The entry has no host.", "Add one.");
  }
  hosts.forEach((host, i) => {
    const flaw = host === "*" ? "is a wildcard for everything" : hostFlaw(host);
    if (flaw !== undefined) {
      error(`spec.hosts[${i}]`, `The host ${JSON.stringify(host)} ${flaw}.`, "Name a host.");
    }
  });
  if (workloadSelector !== undefined && endpoints.length > 0) {
    error("spec", "It has both a workloadSelector and endpoints.", "Keep one of them.");
  }
  if (addresses.some((address) => address.includes("/")) && resolution !== "NONE" && resolution !== "STATIC") {
    error("spec.addresses", `Ranges of addresses do not go with resolution ${resolution}.`, "Use NONE or STATIC.");
  }
  const names = new Set<string>();
  const numbers = new Set<number>();
  ports.forEach(({ name = "", number = 0, protocol }, i) => {
    const at = `spec.ports[${i}]`;
    if (!portName.test(name)) {
      error(`${at}.name`, `The port name ${JSON.stringify(name)} is none.`, "Use letters, digits and dashes.");
    } else if (names.has(name)) {
      error(`${at}.name`, `The port name ${name} is used twice.`, "Use another.");
    }
    if (numbers.has(number)) {
      error(`${at}.number`, `The port ${number} is there twice.`, "Remove one.");
    }
    if (protocol !== undefined && protocolNamed(protocol) === undefined) {
      error(`${at}.protocol`, `Istio knows no protocol ${JSON.stringify(protocol)}.`, "Use HTTP, HTTPS, TLS, TCP, ...");
    }
    checkPort(error, `${at}.number`, number);
    names.add(name);
    numbers.add(number);
  });
  if (resolution === "NONE" && endpoints.length > 0) {
    error("spec.endpoints", "Endpoints do not go with resolution NONE.", "Use STATIC or DNS.");
  }
  if (resolution.startsWith("DNS") && endpoints.length === 0) {
    const wild = hosts.findIndex((host) => host.includes("*"));
    if (wild >= 0) {
      error(
        `spec.hosts[${wild}]`,
        `The wildcard ${hosts[wild]} cannot be resolved by DNS.`,
        "Use resolution NONE, or add endpoints.",
      );
    }
  }
  if (workloadSelector !== undefined && isEmpty(workloadSelector.labels)) {
    warn(
      "spec.workloadSelector",
      "The selector has no labels, so it takes all workloads of the namespace.",
      "Add labels.",
    );
  }
  checkExport(error, spec.exportTo);
};

const sidecar: Validator<"Sidecar"> = ({ fields: { spec = {} } }, error, warn) => {
  const { egress = [], ingress = [], outboundTrafficPolicy, workloadSelector } = spec;
  if (
    egress.length + ingress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    !("inboundConnectionPool" in spec)
  ) {
    error("spec", "The Sidecar configures nothing.", "Add egress or ingress.");
  }
  egress.forEach(({ hosts = [] }, i) => {
    if (hosts.length === 0) {
      error(`spec.egress[${i}].hosts`, "The listener has no host.", 'Add hosts, such as "./*".');
    }
    hosts.forEach((host, j) => {
      if (!host.includes("/")) {
        error(
          `spec.egress[${i}].hosts[${j}]`,
          `The host ${JSON.stringify(host)} has no namespace.`,
          `Write namespace/host, such as "./${host}".`,
        );
      }
    });
  });
  ingress.forEach(({ port }, i) => {
    if (port === undefined) {
      error(`spec.ingress[${i}]`, "The listener has no port.", "Add one.");
    }
  });
  if (workloadSelector !== undefined && isEmpty(workloadSelector.labels)) {
    warn(
      "spec.workloadSelector",
      "The selector has no labels, so it takes all workloads of the namespace.",
      "Add labels.",
    );
  }
};

const peerAuthentication: Validator<"PeerAuthentication"> = ({ fields: { spec = {} } }, error) => {
  const { selector, portLevelMtls } = spec;
  if (isEmpty(selector?.matchLabels) && portLevelMtls !== undefined) {
    error("spec.portLevelMtls", "Modes of single ports need a selector.", "Add a selector, or remove them.");
  }
};

const authorizationPolicy: Validator<"AuthorizationPolicy"> = ({ fields: { spec = {} } }, error) => {
  const { action = "ALLOW", rules, selector, targetRef, targetRefs } = spec;
  if ((action === "DENY" || action === "CUSTOM") && rules === undefined) {
    error(
      "spec.rules",
      `A policy that says ${action} without rules never applies.`,
      "Add rules; [{}] matches everything.",
    );
  }
  if (selector !== undefined && (targetRef !== undefined || (targetRefs ?? []).length > 0)) {
    error("spec", "It has both a selector and target references.", "Keep one of them.");
  }
  rules?.forEach(({ from, to, when = [] }, i) => {
    if (from?.length === 0 || to?.length === 0) {
      error(`spec.rules[${i}]`, "from and to must not be empty lists.", "Fill them, or leave them out.");
    }
    from?.forEach(({ source }, j) => {
      if (source === undefined || Object.keys(source).length === 0) {
        error(`spec.rules[${i}].from[${j}]`, "The source is empty.", "Say whom it is about, or remove it.");
      }
    });
    from?.forEach(({ source }, j) => {
      for (const [key, list] of Object.entries(source ?? {})) {
        if (/ipBlocks$/i.test(key) && Array.isArray(list)) {
          checkAddresses(error, list, `spec.rules[${i}].from[${j}].source.${key}`);
        }
      }
    });
    to?.forEach(({ operation }, j) => {
      for (const [key, list] of Object.entries(operation ?? {})) {
        if (/ports$/i.test(key) && Array.isArray(list)) {
          list.forEach((port, k) => {
            if (!/^\d+$/.test(String(port)) || Number(port) > 65535) {
              error(
                `spec.rules[${i}].to[${j}].operation.${key}[${k}]`,
                `${JSON.stringify(port)} is no port.`,
                "Write a number.",
              );
            }
          });
        }
        if (/paths$/i.test(key) && Array.isArray(list)) {
          (list as string[]).forEach((path, k) => {
            const odd = path.split("/").find((part) => /[{}]/.test(part) && part !== "{*}" && part !== "{**}");
            if (odd !== undefined || /\{\*\*\}.*\{/.test(path)) {
              error(
                `spec.rules[${i}].to[${j}].operation.${key}[${k}]`,
                `${path} is no path template.`,
                "Use {*} for a whole segment, and {**} once, as the last.",
              );
            }
          });
        }
      }
      if (operation === undefined || Object.keys(operation).length === 0) {
        error(`spec.rules[${i}].to[${j}]`, "The operation is empty.", "Say what it is about, or remove it.");
      }
    });
    when.forEach(({ key, values = [], notValues = [] }, j) => {
      const at = `spec.rules[${i}].when[${j}]`;
      if (!key || values.length + notValues.length === 0) {
        error(at, "The condition lacks its key or its values.", "Add them.");
      } else if (!isAttribute(key)) {
        const name = key.replace(/\[.*$/, "");
        const near = nearest(name, attributes);
        error(
          `${at}.key`,
          `There is no attribute ${key}.`,
          near === undefined
            ? `Use one of ${attributes.join(", ")}.`
            : `Write ${near}${mapped.has(near) ? (/\[.*$/.exec(key)?.[0] ?? "[name]") : ""}.`,
        );
      } else if (/^(source|remote|destination)\.ip$/.test(key)) {
        checkAddresses(error, [...values, ...notValues], at);
      }
    });
  });
};

/** Attributes of conditions whose name is followed by a key in brackets. */
const mapped = new Set(["request.headers", "request.auth.claims", "experimental.envoy.filters."]);
/** The attributes of conditions, as istiod takes them: `ValidateAttribute` in its package security. */
const attributes: readonly string[] = [
  ...mapped,
  "source.ip",
  "remote.ip",
  "source.namespace",
  "source.serviceAccount",
  "source.principal",
  "source.trustDomain",
  "request.auth.principal",
  "request.auth.audiences",
  "request.auth.presenter",
  "destination.ip",
  "destination.port",
  "connection.sni",
];

function isAttribute(key: string): boolean {
  const bracket = key.indexOf("[");
  return key.startsWith("experimental.envoy.filters.")
    ? true
    : bracket < 0
      ? attributes.includes(key) && !mapped.has(key)
      : mapped.has(key.slice(0, bracket)) && /^[^[]+(\[[^\]]+\])+$/.test(key);
}

function checkAddresses(error: Say, list: readonly string[], field: string): void {
  list.forEach((block) => {
    if (!isRange(block)) {
      error(
        field,
        `${JSON.stringify(block)} is neither an IP address nor a CIDR range.`,
        "Write one such as 10.1.0.0/16.",
      );
    }
  });
}

const telemetry: Validator<"Telemetry"> = ({ fields: { spec = {} } }, error, warn) => {
  if ((spec.tracing ?? []).length > 1) {
    warn("spec.tracing", "Of several tracing entries only one is used.", "Keep one.");
  }
  spec.tracing?.forEach(({ providers = [], randomSamplingPercentage: percentage }, i) => {
    if (providers.length > 1) {
      warn(`spec.tracing[${i}].providers`, "Of several tracing providers only one is used.", "Keep one.");
    }
    if (percentage !== undefined && (percentage < 0 || percentage > 100)) {
      error(`spec.tracing[${i}].randomSamplingPercentage`, `${percentage} is no percentage.`, "Use 0 to 100.");
    }
  });
};

const validators: { [S in ShapeName]?: Validator<S> } = {
  VirtualService: virtualService,
  Gateway: gateway,
  DestinationRule: destinationRule,
  ServiceEntry: serviceEntry,
  Sidecar: sidecar,
  PeerAuthentication: peerAuthentication,
  AuthorizationPolicy: authorizationPolicy,
  Telemetry: telemetry,
};

const validated = new WeakMap<Resource, Flaw[]>();

/** What Istio's validation has to say of a resource. */
export function validate(resource: Resource): Flaw[] {
  const before = validated.get(resource);
  if (before !== undefined) {
    return before;
  }
  const flaws: Flaw[] = [];
  const validator = resource.shape && (validators[resource.shape] as Validator<ShapeName> | undefined);
  validator?.(
    resource,
    (field, message, fix) => flaws.push({ field, message, fix }),
    (field, message, fix) => flaws.push({ field, message, fix, warning: true }),
  );
  validated.set(resource, flaws);
  return flaws;
}
