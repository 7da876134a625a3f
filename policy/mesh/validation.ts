/** Istio's own validation: what istiod refuses or warns about although the types of the fields allow it. */
import { STATUS_CODES } from "node:http";
import { isIP } from "node:net";
import { isRange, milliseconds } from "./values";
import { RE2JS } from "re2js";
import { hostsMatch } from "./hosts";
import { isHttp, isTls, protocolNamed } from "./protocols";
import { nearest } from "../../common/nearest";
import { keyed, type Resource } from "./resource";
import { meshGateway } from "./routes";
import { isEmpty } from "./selectors";
import type { ShapeName } from "./shapes";

/** A mistake that validation finds in a field. */
export interface Flaw {
  field: string;
  message: string;
  fix: string;
  /** istiod accepts it with a warning. */
  warning?: true;
}

/** Notes a flaw of a field where a condition holds. */
type Say = (when: boolean, field: string, message: string, fix: string) => void;
interface Validation {
  /** What istiod refuses. */
  error: Say;
  /** What it accepts with a warning. */
  warn: Say;
}
type Validator<S extends ShapeName> = (spec: Spec<S>, say: Validation) => void;
type Spec<S extends ShapeName> = NonNullable<Extract<Resource<S>["fields"], { spec?: unknown }>["spec"]>;

const label = /^[a-zA-Z0-9]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?$/;
const portName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i;
const quoted = (value: unknown): string => JSON.stringify(value);

/** Why a host, which may start with a wildcard, is none. */
function hostFlaw(host: string): string | undefined {
  if (host === "") {
    return "is empty";
  }
  if (host === "*" || (/^[\d.]+$|:/.test(host) && isIP(host) !== 0)) {
    return undefined;
  }
  const labels = (host.startsWith("*.") ? host.slice(2) : host).replace(/\.$/, "").split(".");
  const wrong = labels.find((part, i) => !(label.test(part) || (i === 0 && /^\*[-\w]*$/.test(part))));
  return host.length > 255 || wrong !== undefined
    ? `is no host name${wrong ? `: ${quoted(wrong)} is no label` : ""}`
    : undefined;
}

/** Checks hosts, each at a field. */
function checkHosts(error: Say, hosts: readonly string[], field: string, wildcard?: string, fix = "Correct it."): void {
  hosts.forEach((host, i) => {
    const name = host.slice(host.indexOf("/") + 1);
    const flaw = host === "*" && wildcard !== undefined ? wildcard : hostFlaw(name);
    error(flaw !== undefined, `${field}[${i}]`, `The host ${quoted(host)} ${flaw}.`, fix);
  });
}

function checkDuration(error: Say, field: string, value: unknown): void {
  if (typeof value === "string") {
    const flaw = `${quoted(value)} is no duration of a millisecond or more.`;
    error((milliseconds(value) ?? 0) < 1, field, flaw, "Write one such as 1.5s or 250ms.");
  }
}

function checkPort(error: Say, field: string, port: number | undefined): void {
  const wrong = port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535);
  error(wrong, field, `${port} is no port: ports are from 1 to 65535.`, "Correct the port.");
}

function checkPercentage(error: Say, field: string, value: number | undefined): void {
  const wrong = value !== undefined && (value < 0 || value > 100);
  error(wrong, field, `${value} is no percentage.`, "Use 0 to 100.");
}

function checkExport(error: Say, exportTo: readonly string[] = []): void {
  const mixed = exportTo.length > 1 && exportTo.includes("*");
  const message = "It names all namespaces (*) together with others.";
  error(mixed, "spec.exportTo", message, "Write * alone, or leave it out.");
}

/** Checks that no name is used twice. */
function checkUnique(
  error: Say,
  names: readonly (string | undefined)[],
  field: (i: number) => string,
  what: string,
): void {
  names.forEach((name, i) =>
    error(
      Boolean(name) && names.indexOf(name) < i,
      field(i),
      `The ${what} name ${name} is used twice.`,
      "Use another.",
    ),
  );
}

type HttpRoute = NonNullable<Spec<"VirtualService">["http"]>[number];

function checkHttp({ error, warn }: Validation, route: HttpRoute, field: string, delegated: boolean): void {
  const { route: targets = [], redirect, directResponse, delegate, rewrite, fault, retries, mirror, mirrors } = route;
  if (delegate !== undefined) {
    const other = redirect !== undefined || targets.length > 0;
    error(other, field, "A rule that delegates must not route or redirect by itself.", "Remove route and redirect.");
    error(delegated, `${field}.delegate`, "A delegate cannot delegate further.", "Remove it.");
  } else {
    const ways = Object.entries({ route: targets.length > 0, redirect, directResponse }).flatMap(([way, is]) =>
      is ? [way] : [],
    );
    const extra = ways.length === 1 && ways[0] !== "route" && (fault !== undefined || rewrite !== undefined);
    const keep = "Keep one of them.";
    const none = "The rule says nothing of where requests go.";
    error(ways.length === 0, field, none, "Add route, redirect or directResponse.");
    error(ways.length > 1, field, `The rule has ${ways.join(" and ")}, which exclude each other.`, keep);
    error(extra, field, `The rule has ${ways[0]} with fault or rewrite, which exclude each other.`, keep);
  }
  const mirrored = mirror !== undefined && mirrors !== undefined && mirrors.length > 0;
  error(mirrored, `${field}.mirror`, "The rule has both mirror and mirrors.", "Keep mirrors.");
  targets.forEach(({ destination, weight = 0 }, i) => {
    const at = `${field}.route[${i}]`;
    error(destination === undefined, at, "The route has no destination.", "Add destination.host.");
    if (destination !== undefined) {
      const flaw = destination.host === "*" ? "is a wildcard" : hostFlaw(destination.host ?? "");
      const message = `The destination's host ${flaw}.`;
      error(flaw !== undefined, `${at}.destination.host`, message, "Name one host.");
      checkPort(error, `${at}.destination.port.number`, destination.port?.number);
    }
    error(weight < 0, `${at}.weight`, `The weight ${weight} is negative.`, "Use a weight of 0 or more.");
  });
  const weightless = targets.length > 1 && targets.every(({ weight = 0 }) => weight === 0);
  error(weightless, `${field}.route`, "The weights of the destinations add up to 0.", "Give them weights.");
  const { attempts = 0, perTryTimeout, retryOn } = retries ?? {};
  const off = attempts === 0 && (perTryTimeout !== undefined || retryOn !== undefined);
  const offMessage = "Retries are configured with 0 attempts, which switches them off.";
  error(off, `${field}.retries`, offMessage, "Set attempts.");
  checkDuration(error, `${field}.retries.perTryTimeout`, perTryTimeout);
  checkDuration(error, `${field}.timeout`, route.timeout);
  checkDuration(error, `${field}.fault.delay.fixedDelay`, fault?.delay?.fixedDelay);
  checkPercentage(error, `${field}.fault.delay.percentage.value`, fault?.delay?.percentage?.value);
  const percent = route.mirrorPercent !== undefined;
  warn(percent, `${field}.mirrorPercent`, "mirrorPercent is deprecated.", "Use mirrorPercentage.");
  checkRegexes(error, route.match, `${field}.match`);
  checkRegexes(error, route.corsPolicy?.allowOrigins, `${field}.corsPolicy.allowOrigins`);
  const rewritten = (rewrite as { uriRegexRewrite?: { match?: string } } | undefined)?.uriRegexRewrite?.match;
  checkRegexes(error, { regex: rewritten }, `${field}.rewrite.uriRegexRewrite.match`);
  for (const policy of (retryOn ?? "").split(",").map((one) => one.trim())) {
    if (policy !== "" && !retryPolicies.includes(policy) && STATUS_CODES[policy] === undefined) {
      const near = nearest(policy, retryPolicies);
      const fix = near === undefined ? `Use ${retryPolicies.join(", ")}, or status codes.` : `Write ${near}.`;
      error(true, `${field}.retries.retryOn`, `${quoted(policy)} is no retryOn policy.`, fix);
    }
  }
}

/**
 * When Envoy can retry, as istiod takes it: `supportedRetryOnPolicies` in its validation. Status codes count as well.
 */
const retryPolicies: readonly string[] = (
  "5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream retriable-status-codes " +
  "retriable-headers envoy-ratelimited http3-post-connect-failure cancelled deadline-exceeded internal " +
  "resource-exhausted unavailable"
).split(" ");

/** The longest regular expression that istiod takes. */
const maxRegex = 1024;

/**
 * Checks each regular expression in a part of a rule: Envoy reads RE2, which has no look-around and no back-references.
 */
function checkRegexes(error: Say, value: unknown, field: string): void {
  if (typeof value !== "object" || value === null) {
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const own = field.endsWith(".match") && key === "regex";
    const at = Array.isArray(value) ? `${field}[${key}]` : own ? field : keyed(field, key);
    if (key !== "regex" || typeof item !== "string") {
      checkRegexes(error, item, at);
      continue;
    }
    const wrong = item.length > maxRegex ? `longer than ${maxRegex} characters` : regexProblem(item);
    const message = `${quoted(item)} is no regular expression of RE2, which Envoy reads: ${wrong}.`;
    error(wrong !== undefined, at, message, "Correct it, or use several matches in order.");
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

const virtualService: Validator<"VirtualService"> = (spec, say) => {
  const { error } = say;
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec;
  const delegated = hosts.length === 0;
  const of = "A delegate (it has no hosts) must";
  error(delegated && gateways.length > 0, "spec.gateways", `${of} not name gateways.`, "Remove them, or add hosts.");
  error(
    delegated && tls.length + tcp.length > 0,
    "spec",
    `${of} have http rules only.`,
    "Remove tls and tcp, or add hosts.",
  );
  error(http.length + tls.length + tcp.length === 0, "spec", "It has no rule.", "Add http, tls or tcp.");
  const forMesh = gateways.length === 0 || gateways.includes(meshGateway);
  hosts.forEach((host, i) => {
    const flaw = hostFlaw(host);
    const all = flaw === undefined && host === "*" && forMesh;
    error(flaw !== undefined, `spec.hosts[${i}]`, `The host ${quoted(host)} ${flaw}.`, "Correct it.");
    error(
      all,
      `spec.hosts[${i}]`,
      "The host * is not allowed for sidecars.",
      "Name hosts, or bind it to gateways only.",
    );
    const double = flaw || all ? -1 : hosts.findIndex((other, j) => j > i && hostsMatch(host, other));
    error(double > 0, `spec.hosts[${double}]`, `The hosts ${host} and ${hosts[double]} overlap.`, "Keep one of them.");
  });
  http.forEach((route, i) => checkHttp(say, route, `spec.http[${i}]`, delegated));
  for (const [name, routes] of Object.entries({ tls, tcp })) {
    routes.forEach(({ route = [], match = [] }, i) => {
      const unmatched = name === "tls" && match.length === 0;
      error(route.length === 0, `spec.${name}[${i}]`, "The rule has no route.", "Add a route.");
      error(unmatched, `spec.tls[${i}]`, "A rule for TLS has to match SNI hosts.", "Add match.sniHosts.");
    });
  }
  checkExport(error, spec.exportTo);
};

const istioMutual = "Mode ISTIO_MUTUAL uses Istio's certificates, but others are named.";

type ServerTls = NonNullable<NonNullable<Spec<"Gateway">["servers"]>[number]["tls"]>;

function checkServerTls({ error, warn }: Validation, tls: ServerTls, field: string): void {
  const { mode = "PASSTHROUGH", credentialName, credentialNames, serverCertificate, privateKey, caCertificates } = tls;
  const credential = Boolean(credentialName) || (credentialNames ?? []).length > 0;
  const named = credential || [serverCertificate, privateKey, caCertificates].some(Boolean);
  const ignored = `Mode ${mode} does not use certificates: they are ignored.`;
  error(mode === "ISTIO_MUTUAL" && named, field, istioMutual, "Remove them.");
  warn(mode.endsWith("PASSTHROUGH") && named, field, ignored, "Remove them, or set the mode.");
  if (!credential && ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"].includes(mode)) {
    const pair = "Set credentialName, or serverCertificate and privateKey.";
    const anonymous = mode !== "SIMPLE" && !caCertificates;
    error(!serverCertificate || !privateKey, field, `Mode ${mode} needs a certificate and its key.`, pair);
    const message = `Mode ${mode} needs the CA that verifies clients.`;
    error(anonymous, field, message, "Set caCertificates, or credentialName.");
  }
}

const gateway: Validator<"Gateway"> = ({ servers = [] }, say) => {
  const { error, warn } = say;
  error(servers.length === 0, "spec.servers", "The gateway has no server.", "Add one.");
  const names = servers.map(({ port }) => port?.name);
  checkUnique(error, names, (i) => `spec.servers[${i}].port.name`, "port");
  servers.forEach(({ port, hosts = [], tls }, i) => {
    const at = `spec.servers[${i}]`;
    error(hosts.length === 0, `${at}.hosts`, "The server has no host.", 'Add hosts, such as "*".');
    checkHosts(error, hosts, `${at}.hosts`);
    if (port === undefined) {
      error(true, at, "The server has no port.", "Add port.number, port.name and port.protocol.");
      return;
    }
    const protocol = protocolNamed(port.protocol);
    const is = port.protocol === undefined ? "none" : quoted(port.protocol);
    error(
      protocol === undefined,
      `${at}.port.protocol`,
      `Its protocol is ${is}, which Istio does not know.`,
      "Use HTTP, HTTPS, GRPC, HTTP2, TLS, TCP, ...",
    );
    error(!port.name, `${at}.port`, "The port has no name.", "Name it.");
    checkPort(error, `${at}.port.number`, port.number ?? 0);
    error(Boolean(port.targetPort), `${at}.port.targetPort`, "A gateway's port has no target port.", "Remove it.");
    const bare = isTls(protocol) && tls === undefined;
    error(bare, at, `A server with protocol ${port.protocol} needs TLS settings.`, "Add tls.");
    if (tls === undefined) {
      return;
    }
    const redirects = isHttp(protocol) && (tls.mode === undefined || tls.mode.endsWith("PASSTHROUGH"));
    error(
      protocol !== undefined && !isTls(protocol) && !redirects,
      `${at}.tls`,
      `A server with protocol ${port.protocol} takes no TLS settings.`,
      "Use HTTPS or TLS, or remove them.",
    );
    checkServerTls(say, tls, `${at}.tls`);
    const idle = tls.httpsRedirect === true && !isHttp(protocol);
    warn(idle, `${at}.tls.httpsRedirect`, "httpsRedirect is for HTTP servers only.", "Remove it.");
  });
};

function checkTraffic(
  { error, warn }: Validation,
  policy: Spec<"DestinationRule">["trafficPolicy"],
  field: string,
): void {
  if (policy === undefined) {
    return;
  }
  error(Object.keys(policy).length === 0, field, "The traffic policy is empty.", "Fill it in, or remove it.");
  const { tls, outlierDetection, loadBalancer } = policy;
  const outlier = (outlierDetection ?? {}) as Record<string, unknown>;
  const outlierField = `${field}.outlierDetection`;
  const old = outlier["consecutiveErrors"] !== undefined;
  const oldField = `${outlierField}.consecutiveErrors`;
  warn(old, oldField, "consecutiveErrors is deprecated.", "Use consecutive5xxErrors.");
  const { localityLbSetting } = (loadBalancer ?? {}) as {
    localityLbSetting?: { failover?: unknown[]; failoverPriority?: unknown[]; enabled?: boolean };
  };
  const failover = [...(localityLbSetting?.failover ?? []), ...(localityLbSetting?.failoverPriority ?? [])];
  warn(
    failover.length > 0 && outlierDetection === undefined,
    `${field}.loadBalancer.localityLbSetting`,
    "Failover between localities has no effect without outlierDetection: no endpoint is ever taken for failed.",
    "Add outlierDetection to the same traffic policy.",
  );
  for (const key of ["interval", "baseEjectionTime"]) {
    checkDuration(error, `${outlierField}.${key}`, outlier[key]);
  }
  for (const key of ["maxEjectionPercent", "minHealthPercent"]) {
    const value = outlier[key];
    // int32 in the API, unlike the percentages of routes.
    const wrong = typeof value === "number" && !(Number.isInteger(value) && value >= 0 && value <= 100);
    error(wrong, `${outlierField}.${key}`, `${quoted(value)} is no whole percentage.`, "Use a whole number, 0 to 100.");
  }
  // A name that is not known yet is read only where it decides.
  error(
    tls?.mode === "MUTUAL" && !tls.credentialName && !(tls.clientCertificate && tls.privateKey),
    `${field}.tls`,
    "Mode MUTUAL needs the client's certificate and key.",
    "Set clientCertificate and privateKey, or credentialName.",
  );
  const mutual =
    tls?.mode === "ISTIO_MUTUAL" && [tls.clientCertificate, tls.privateKey, tls.caCertificates].some(Boolean);
  error(mutual, `${field}.tls`, istioMutual, "Remove them.");
}

const destinationRule: Validator<"DestinationRule"> = (spec, say) => {
  const { error } = say;
  const { subsets = [] } = spec;
  const flaw = hostFlaw(spec.host ?? "");
  error(flaw !== undefined, "spec.host", `The host ${flaw}.`, "Name a service.");
  checkTraffic(say, spec.trafficPolicy, "spec.trafficPolicy");
  const names = subsets.map(({ name = "" }) => (label.test(name) ? name : undefined));
  checkUnique(error, names, (i) => `spec.subsets[${i}].name`, "subset");
  subsets.forEach(({ name = "", trafficPolicy }, i) => {
    const message = `The subset name ${quoted(name)} is none.`;
    error(!label.test(name), `spec.subsets[${i}].name`, message, "Use letters, digits and dashes.");
    checkTraffic(say, trafficPolicy, `spec.subsets[${i}].trafficPolicy`);
  });
  checkExport(error, spec.exportTo);
};

function checkWorkloadSelector(warn: Say, selector: { labels?: Record<string, string> } | undefined): void {
  const message = "The selector has no labels, so it takes all workloads of the namespace.";
  warn(selector !== undefined && isEmpty(selector.labels), "spec.workloadSelector", message, "Add labels.");
}

const serviceEntry: Validator<"ServiceEntry"> = (spec, { error, warn }) => {
  const { hosts = [], ports = [], addresses = [], endpoints = [], resolution = "NONE", workloadSelector } = spec;
  error(hosts.length === 0, "spec.hosts", "The entry has no host.", "Add one.");
  checkHosts(error, hosts, "spec.hosts", "is a wildcard for everything", "Name a host.");
  const both = workloadSelector !== undefined && endpoints.length > 0;
  error(both, "spec", "It has both a workloadSelector and endpoints.", "Keep one of them.");
  const ranges = addresses.some((address) => address.includes("/"));
  error(
    ranges && resolution !== "NONE" && resolution !== "STATIC",
    "spec.addresses",
    `Ranges of addresses do not go with resolution ${resolution}.`,
    "Use NONE or STATIC.",
  );
  const names = ports.map(({ name = "" }) => (portName.test(name) ? name : undefined));
  checkUnique(error, names, (i) => `spec.ports[${i}].name`, "port");
  ports.forEach(({ name = "", number = 0, protocol }, i) => {
    const at = `spec.ports[${i}]`;
    const before = ports.slice(0, i).some((one) => (one.number ?? 0) === number);
    const unnamed = `The port name ${quoted(name)} is none.`;
    error(!portName.test(name), `${at}.name`, unnamed, "Use letters, digits and dashes.");
    error(before, `${at}.number`, `The port ${number} is there twice.`, "Remove one.");
    const unknown = protocol !== undefined && protocolNamed(protocol) === undefined;
    const message = `Istio knows no protocol ${quoted(protocol)}.`;
    error(unknown, `${at}.protocol`, message, "Use HTTP, HTTPS, TLS, TCP, ...");
    checkPort(error, `${at}.number`, number);
  });
  const unused = resolution === "NONE" && endpoints.length > 0;
  error(unused, "spec.endpoints", "Endpoints do not go with resolution NONE.", "Use STATIC or DNS.");
  const wild = hosts.findIndex((host) => host.includes("*"));
  error(
    resolution.startsWith("DNS") && endpoints.length === 0 && wild >= 0,
    `spec.hosts[${wild}]`,
    `The wildcard ${hosts[wild]} cannot be resolved by DNS.`,
    "Use resolution NONE, or add endpoints.",
  );
  checkWorkloadSelector(warn, workloadSelector);
  checkExport(error, spec.exportTo);
};

const sidecar: Validator<"Sidecar"> = (spec, { error, warn }) => {
  const { egress = [], ingress = [], outboundTrafficPolicy, workloadSelector } = spec;
  const settings = outboundTrafficPolicy !== undefined || "inboundConnectionPool" in spec;
  const empty = egress.length + ingress.length === 0 && !settings;
  error(empty, "spec", "The Sidecar configures nothing.", "Add egress or ingress.");
  egress.forEach(({ hosts = [] }, i) => {
    const at = `spec.egress[${i}].hosts`;
    error(hosts.length === 0, at, "The listener has no host.", 'Add hosts, such as "./*".');
    hosts.forEach((host, j) => {
      const message = `The host ${quoted(host)} has no namespace.`;
      error(!host.includes("/"), `${at}[${j}]`, message, `Write namespace/host, such as "./${host}".`);
    });
  });
  ingress.forEach(({ port }, i) => {
    error(port === undefined, `spec.ingress[${i}]`, "The listener has no port.", "Add one.");
  });
  checkWorkloadSelector(warn, workloadSelector);
};

const peerAuthentication: Validator<"PeerAuthentication"> = ({ selector, portLevelMtls }, { error }) => {
  const wide = isEmpty(selector?.matchLabels) && portLevelMtls !== undefined;
  const message = "Modes of single ports need a selector.";
  error(wide, "spec.portLevelMtls", message, "Add a selector, or remove them.");
};

/** Goes through the lists of a source or an operation whose name ends like this. */
function eachValue(
  map: object | undefined,
  name: RegExp,
  at: string,
  check: (value: string, field: string) => void,
): void {
  for (const [key, list] of Object.entries(map ?? {})) {
    if (name.test(key) && Array.isArray(list)) {
      list.forEach((value, i) => check(String(value), `${at}.${key}[${i}]`));
    }
  }
}

const authorizationPolicy: Validator<"AuthorizationPolicy"> = (spec, { error }) => {
  const { action = "ALLOW", rules, selector, targetRef, targetRefs } = spec;
  const useless = (action === "DENY" || action === "CUSTOM") && rules === undefined;
  const never = `A policy that says ${action} without rules never applies.`;
  error(useless, "spec.rules", never, "Add rules; [{}] matches everything.");
  const both = selector !== undefined && (targetRef !== undefined || (targetRefs ?? []).length > 0);
  error(both, "spec", "It has both a selector and target references.", "Keep one of them.");
  rules?.forEach(({ from, to, when = [] }, i) => {
    const at = `spec.rules[${i}]`;
    const empty = from?.length === 0 || to?.length === 0;
    error(empty, at, "from and to must not be empty lists.", "Fill them, or leave them out.");
    from?.forEach(({ source }, j) => {
      const none = Object.keys(source ?? {}).length === 0;
      error(none, `${at}.from[${j}]`, "The source is empty.", "Say whom it is about, or remove it.");
      eachValue(source, /ipBlocks$/i, `${at}.from[${j}].source`, (value, field) =>
        checkAddress(error, value, field.replace(/\[\d+\]$/, "")),
      );
    });
    to?.forEach(({ operation }, j) => {
      const none = Object.keys(operation ?? {}).length === 0;
      error(none, `${at}.to[${j}]`, "The operation is empty.", "Say what it is about, or remove it.");
      eachValue(operation, /ports$/i, `${at}.to[${j}].operation`, (port, field) => {
        const wrong = !/^\d+$/.test(port) || Number(port) > 65535;
        error(wrong, field, `${quoted(port)} is no port.`, "Write a number.");
      });
      eachValue(operation, /paths$/i, `${at}.to[${j}].operation`, (path, field) => {
        const odd = path.split("/").some((part) => /[{}]/.test(part) && part !== "{*}" && part !== "{**}");
        const fix = "Use {*} for a whole segment, and {**} once, as the last.";
        error(odd || /\{\*\*\}.*\{/.test(path), field, `${path} is no path template.`, fix);
      });
    });
    when.forEach(({ key, values = [], notValues = [] }, j) => {
      const here = `${at}.when[${j}]`;
      if (!key || values.length + notValues.length === 0) {
        error(true, here, "The condition lacks its key or its values.", "Add them.");
      } else if (!isAttribute(key)) {
        const near = nearest(key.replace(/\[.*$/, ""), attributes);
        const bracket = near !== undefined && mapped.has(near) ? (/\[.*$/.exec(key)?.[0] ?? "[name]") : "";
        const fix = near === undefined ? `Use one of ${attributes.join(", ")}.` : `Write ${near}${bracket}.`;
        error(true, `${here}.key`, `There is no attribute ${key}.`, fix);
      } else if (/^(source|remote|destination)\.ip$/.test(key)) {
        [...values, ...notValues].forEach((value) => checkAddress(error, value, here));
      }
    });
  });
};

/** Attributes of conditions whose name is followed by a key in brackets. */
const mapped = new Set(["request.headers", "request.auth.claims", "experimental.envoy.filters."]);
/** The attributes of conditions, as istiod takes them: `ValidateAttribute` in its package security. */
const attributes: readonly string[] = [
  ...mapped,
  ...["ip", "namespace", "serviceAccount", "principal", "trustDomain"].map((name) => `source.${name}`),
  "remote.ip",
  ...["principal", "audiences", "presenter"].map((name) => `request.auth.${name}`),
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

function checkAddress(error: Say, block: string, field: string): void {
  const message = `${quoted(block)} is neither an IP address nor a CIDR range.`;
  error(!isRange(block), field, message, "Write one such as 10.1.0.0/16.");
}

const telemetry: Validator<"Telemetry"> = ({ tracing = [] }, { error, warn }) => {
  warn(tracing.length > 1, "spec.tracing", "Of several tracing entries only one is used.", "Keep one.");
  tracing.forEach(({ providers = [], randomSamplingPercentage }, i) => {
    const at = `spec.tracing[${i}]`;
    const message = "Of several tracing providers only one is used.";
    warn(providers.length > 1, `${at}.providers`, message, "Keep one.");
    checkPercentage(error, `${at}.randomSamplingPercentage`, randomSamplingPercentage);
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

/** @returns the mistakes that Istio's validation finds in a resource. */
export function validate(resource: Resource): Flaw[] {
  const before = validated.get(resource);
  if (before !== undefined) {
    return before;
  }
  const flaws: Flaw[] = [];
  const validator: Validator<ShapeName> | undefined = resource.shape && validators[resource.shape];
  const say =
    (more: Partial<Flaw>): Say =>
    (when, field, message, fix) => {
      if (when) {
        flaws.push({ field, message, fix, ...more });
      }
    };
  validator?.((resource.fields as { spec?: Spec<ShapeName> }).spec ?? {}, {
    error: say({}),
    warn: say({ warning: true }),
  });
  validated.set(resource, flaws);
  return flaws;
}
