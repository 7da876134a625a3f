import { isFilePattern } from "../components/applicationLog";
import type { LogFiles } from "../components/applicationLog";
import type { Guards } from "../components/guards";
import type { Slo } from "../components/observability/objectives";
import { isUser, userFix } from "../components/echoService";
import type { EchoServiceArgs } from "../components/echoService";
import { isDnsLabel, isPort, proxyPorts } from "../components/validation";
import { accessKeys, readAccess } from "./accessConfig";
import type { AllowedCaller } from "./accessConfig";
import { collectorHealthPort, collectorMetricsPort } from "../components/collectorConfig";
import { callsKeys, readCalls } from "./callsConfig";
import type { CallConfig } from "./callsConfig";
import type { ConfigReader } from "./configReader";
import { guardKeys, readGuards } from "./guardsConfig";
import { ItemReader } from "./itemReader";
import type { Profile } from "./profile";
import { readResources } from "./resourcesConfig";
import { readSlo, sloKeys } from "./sloConfig";
import { readTraffic, trafficKeys } from "./trafficConfig";
import type { TrafficConfig } from "./trafficConfig";
import { fitsInNames, readVersions, versionsKeys } from "./versionsConfig";
import type { VersionConfig, VersionsConfig } from "./versionsConfig";

/** One version of a service as config declares it, with the image that runs and its weight. */
export type ServiceVersion = Omit<VersionConfig, "text" | "image"> & { image: string };

/** One service as config declares it, with every default filled in. */
export type ServiceConfig = Omit<EchoServiceArgs, "namespace" | "image" | "args" | "env" | "versions"> &
  TrafficConfig &
  Guards &
  Omit<VersionsConfig, "versions"> & {
    image: string;
    args?: string[];
    env?: Record<string, string>;
    /** Path on the gateway; undefined keeps the service inside the mesh. */
    path?: string;
    versions?: ServiceVersion[];
    /** What it promises; undefined for nothing. */
    slo?: Slo;
    /** Paths that it answers by a call to another service. */
    calls: CallConfig[];
    /** Who may call it, besides the gateway where it has a path: those that config names, and those whose `calls` name it. */
    allowFrom: AllowedCaller[];
  };

/** The article's two services; the first calls the second. They are what a stack has without the key `services`. */
export const defaultServices = [
  {
    name: "user-service",
    text: "Hello from User Service",
    path: "/user",
    calls: [{ path: "/user/orders", service: "payment-service" }],
    circuitBreaker: { maxRequests: 100, maxPendingRequests: 100, consecutive5xx: 5 },
    rateLimit: { tokens: 100, fillInterval: "1s", burst: 200 },
  },
  { name: "payment-service", text: "Hello from Payment Service", path: "/payment", allowFrom: ["user-service"] },
];

/** Port of services that do not name one. */
const defaultPort = 8080;

/** Keys of an item of `services`. */
export const serviceKeys = [
  ...[
    "name",
    "text",
    "path",
    "replicas",
    "image",
    "port",
    "args",
    "env",
    "probePath",
    "resources",
    "user",
    "writablePaths",
    "logFiles",
  ],
  ...trafficKeys,
  ...versionsKeys,
  ...callsKeys,
  ...accessKeys,
  ...guardKeys,
  ...sloKeys,
];

/** Names that something else in the namespace has already, and what. */
const takenNames: ReadonlyMap<string, string> = new Map([
  ["demo-vs", "the ingress gateway's VirtualService has this name"],
  ["load-generator", "the load generator's Deployment has this name"],
  ["default", "Kubernetes gives every namespace a ServiceAccount of this name"],
]);

/** Ports that something in each pod listens on: Istio's sidecar, and the log scraper. */
const podPorts = [...proxyPorts, collectorMetricsPort, collectorHealthPort];

const foldersFix =
  "use a list of different absolute paths below /, like /tmp, without a / at the end, and none within another";

/** Folders that the kernel fills: nothing in them can be replaced by an empty folder. */
const kernelFolders = ["/proc", "/sys", "/dev"];

/** Folders that hold the image's programs and settings; folders below them may well be a program's own. */
const imageFolders = ["/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/lib"];

const pathFix = "start with /, write each segment of letters, digits and ._~-, and leave out a / at the end";

/** Reads the key `services`. */
export function readServices(reader: ConfigReader, profile: Profile): ServiceConfig[] {
  const items = reader.objects("services") ?? defaultServices;
  if (items.length === 0) {
    reader.problem("services", items, "declare at least one service, or remove the key for the default ones");
  }
  const names = items.flatMap(({ name }) => (typeof name === "string" ? [name] : []));
  const services = items.map((item, i) =>
    readService(new ItemReader(reader, item, `services[${i}]`, serviceKeys), profile, names),
  );
  rejectTwins(reader, services, "name", (service) => service.serviceName);
  rejectTwinPaths(reader, services);
  rejectNameClashes(reader, services);
  return withCallers(services);
}

function readService(item: ItemReader, profile: Profile, names: readonly string[]): ServiceConfig {
  const nameFix = "use a DNS label: a-z first, then a-z, 0-9 and -, at most 63 characters";
  const name = item.value("name", (v): v is string => typeof v === "string" && isDnsLabel(v), nameFix);
  if (!item.has("name")) {
    item.problem("name", undefined, "give every service a name");
  }
  const owner = name === undefined ? undefined : takenNames.get(name);
  if (owner !== undefined) {
    item.problem("name", name, `${owner}; choose another name`);
  }
  const image = item.image("image");
  const text = item.text("text");
  if (image !== undefined && text !== undefined) {
    item.problem("text", text, "the text is for the default image; with an image of your own, use args or env");
  }
  const { autoscaling, replicas: defaultReplicas, minAvailable, traffic, ...defaults } = profile.services;
  const replicas = item.whole("replicas", 0, 1000);
  const port = item.value("port", isPort, "use a whole number from 1 to 65535") ?? defaultPort;
  if (podPorts.includes(port)) {
    item.problem("port", port, `the sidecar or the log scraper listens there; not one of ${podPorts.join(", ")}`);
  }
  const args = item.value(
    "args",
    (v): v is string[] => Array.isArray(v) && v.every((a) => typeof a === "string"),
    "use a list of texts",
  );
  const container =
    image === undefined
      ? {
          image: profile.images.httpEcho,
          args: args ?? echoArgs(port, text ?? `Hello from ${name}`),
          probePath: item.value("probePath", isPathText, pathFix) ?? "/",
        }
      : { image, args, probePath: item.value("probePath", isPathText, pathFix) };
  const { versions, canary, mirror } = readVersions(item);

  return {
    ...defaults,
    serviceName: name ?? "unnamed",
    port,
    replicas: replicas ?? defaultReplicas,
    // A number of one's own means that number: no autoscaler, and no budget that it could never meet.
    autoscaling: replicas === undefined ? autoscaling : undefined,
    minAvailable: (replicas ?? defaultReplicas) > (minAvailable ?? 0) ? minAvailable : undefined,
    resources: readResources(item) ?? defaults.resources,
    user: item.value("user", isUser, userFix),
    writablePaths: readWritablePaths(item),
    logFiles: readLogFiles(item),
    path: item.value("path", (v): v is string => typeof v === "string" && isPath(v), pathFix),
    env: item.variables("env"),
    ...container,
    ...readTraffic(item, traffic),
    versions: versions?.map((version, i) =>
      completeVersion(item, i, version, { name: name ?? "unnamed", port, ...container, ownImage: image }),
    ),
    canary,
    mirror,
    calls: readCalls(item, { name, port, names, isPath, pathFix }),
    allowFrom: readAccess(item, names),
    ...readGuards(item, { isPath, pathFix }),
    slo: readSlo(item),
  };
}

/** What a version takes over from its service. */
interface VersionContext {
  name: string;
  port: number;
  image: string;
  args?: string[];
  /** The service's own image; undefined if it runs the default one. */
  ownImage?: string;
}

/** Fills in what a version leaves to its service, and notes a text that nothing would show, or a name that is too long. */
function completeVersion(
  item: ItemReader,
  i: number,
  { text, image, args, ...version }: VersionConfig,
  service: VersionContext,
): ServiceVersion {
  const at = `versions[${i}]`;
  const full = `${service.name}-${version.version}`;
  if (!fitsInNames(service.name, version.version)) {
    item.problem(`${at}.version`, version.version, `${full} is too long for a name; shorten one of the two`);
  }
  if (text !== undefined && (image ?? service.ownImage) !== undefined) {
    item.problem(`${at}.text`, text, "the text is for the default image; with an image of your own, use args or env");
  }
  const inherited = image === undefined ? service.args : undefined;
  return {
    ...version,
    image: image ?? service.image,
    args: args ?? (text === undefined ? inherited : echoArgs(service.port, text)),
  };
}

function echoArgs(port: number, text: string): string[] {
  return [`-listen=:${port}`, `-text=${text}`];
}

function rejectTwins(
  reader: ConfigReader,
  services: ServiceConfig[],
  key: string,
  valueOf: (service: ServiceConfig) => string | undefined,
): void {
  const first = new Map<string, number>();
  services.forEach((service, i) => {
    const value = valueOf(service);
    if (value === undefined || value === "unnamed") {
      return;
    }
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, i);
    } else {
      reader.problem(`services[${i}].${key}`, value, `services[${other}] has this ${key} already; give each its own`);
    }
  });
}

/** Notes every path of a service, or of one of its calls, that another has already. */
function rejectTwinPaths(reader: ConfigReader, services: readonly ServiceConfig[]): void {
  const owners = new Map<string, string>();
  const claim = (owner: string, path: string) => {
    const other = owners.get(path);
    if (other === undefined) {
      owners.set(path, owner);
    } else {
      reader.problem(`${owner}.path`, path, `${other} has this path already; give each its own`);
    }
  };
  services.forEach(({ path, calls }, i) => {
    const at = `services[${i}]`;
    if (path !== undefined) {
      claim(at, path);
    }
    calls.forEach((call, j) => claim(`${at}.calls[${j}]`, call.path));
  });
}

/** @returns the services, each with those whose calls name it among its callers. */
function withCallers(services: readonly ServiceConfig[]): ServiceConfig[] {
  return services.map((callee) => {
    const named = callee.allowFrom.flatMap((caller) => ("service" in caller ? [caller.service] : []));
    const callers = services
      .filter(({ calls, serviceName }) => !named.includes(serviceName) && calls.some(isTo(callee)))
      .map(({ serviceName }) => ({ service: serviceName }));
    return { ...callee, allowFrom: [...callee.allowFrom, ...callers] };
  });
}

function isTo({ serviceName }: Pick<ServiceConfig, "serviceName">): (call: CallConfig) => boolean {
  return ({ service }) => service === serviceName;
}

/** What each version of a service has of its own: the middle of the names of these in Pulumi's state, before the version. */
const ofEachVersion = ["deployment", "pdb", "hpa", "subset", "service", "rule"];

/**
 * Notes every version whose objects would have the name of another's, in the cluster (service `a` of version `b-c`, and service `a-b` of
 * version `c`) or in Pulumi's state. Services of one name are noted by {@link rejectTwins}.
 */
function rejectNameClashes(reader: ConfigReader, services: readonly ServiceConfig[]): void {
  const owners = new Map<string, string>();
  const first = new Set<string>();
  services.forEach(({ serviceName }, i) => {
    if (!first.has(serviceName)) {
      first.add(serviceName);
      [serviceName, ...ofEachVersion.map((kind) => stateName(serviceName, kind))].forEach((name) =>
        owners.set(name, `services[${i}].name`),
      );
    }
  });
  services.forEach(({ serviceName, versions = [] }, i) =>
    versions.forEach(({ version }, j) => {
      const at = `services[${i}].versions[${j}].version`;
      const names = [
        `${serviceName}-${version}`,
        `${serviceName}-${version}-service`,
        ...ofEachVersion.map((kind) => stateName(serviceName, kind, version)),
      ];
      const taken = names.find((name) => ![undefined, at].includes(owners.get(name)));
      const owner = taken === undefined ? undefined : owners.get(taken);
      // Two versions of one name within a service were noted already.
      if (owner !== undefined && !owner.startsWith(`services[${i}].versions`)) {
        reader.problem(
          at,
          version,
          `${owner} makes the name ${objectName(taken!)} already; call the version otherwise`,
        );
      }
      names.filter((name) => !owners.has(name)).forEach((name) => owners.set(name, at));
    }),
  );
}

/** @returns a name in Pulumi's state; the # keeps it apart from names in the cluster. */
function stateName(service: string, kind: string, version?: string): string {
  return `#${kind}#${service}-${kind}${version === undefined ? "" : `-${version}`}`;
}

/** @returns the name without what {@link stateName} puts before it. */
function objectName(name: string): string {
  return name.slice(name.lastIndexOf("#") + 1);
}

function readWritablePaths(item: ItemReader): string[] | undefined {
  const folders = item.value("writablePaths", areFolders, foldersFix);
  folders?.forEach((folder, i) => {
    if (breaksContainer(folder)) {
      const fix = "an empty folder in its place breaks the container; name the folder that the program writes to";
      item.problem(`writablePaths[${i}]`, folder, fix);
    }
  });
  return folders;
}

/** Reads which files the application writes. */
function readLogFiles(item: ItemReader): LogFiles | undefined {
  const logFiles = item.object("logFiles", ["folder", "files"]);
  if (!logFiles) {
    return undefined;
  }
  const isFolder = (v: unknown): v is string => areFolders([v]) && !breaksContainer(v as string);
  const folderFix = "use an absolute path that only the program uses, like /var/log/shop, without a / at the end";
  const folder = logFiles.value("folder", isFolder, folderFix);
  const others = item.value("writablePaths", areFolders, foldersFix) ?? [];
  if (folder !== undefined && !areFolders([...others, folder])) {
    logFiles.problem(
      "folder",
      folder,
      "it is one of writablePaths, or within one; remove it there: it is writable already",
    );
  }
  const isFiles = (v: unknown): v is string => typeof v === "string" && isFilePattern(v);
  return {
    folder: logFiles.required("folder", folder, "/var/log/unnamed", "/var/log/shop"),
    files: logFiles.value("files", isFiles, "use the name of a file, with * for any letters: *.log"),
  };
}

/** @returns true for a folder that no container can do without. */
function breaksContainer(folder: string): boolean {
  return imageFolders.includes(folder) || kernelFolders.some((one) => `${folder}/`.startsWith(`${one}/`));
}

/** A folder within another would be a mount on a mount, and their order is not guaranteed. */
function areFolders(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.every((path) => typeof path === "string" && /^(\/[^/:\s]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path)) &&
    value.every((path: string, i) => value.every((other: string, j) => i === j || !`${other}/`.startsWith(`${path}/`)))
  );
}

function isPathText(value: unknown): value is string {
  return typeof value === "string" && isPath(value);
}

function isPath(value: string): boolean {
  // Envoy resolves . and .. before it looks for a route.
  return value === "/" || (/^(\/[A-Za-z0-9._~-]+)+$/.test(value) && !/\/\.{1,2}(\/|$)/.test(value));
}
