import { z } from "zod";
import { isFilePattern } from "../components/applicationLog";
import type { Guards } from "../components/guards";
import type { Slo } from "../components/observability/objectives";
import { isUser, userFix, versionName } from "../components/echoService";
import type { EchoServiceArgs } from "../components/echoService";
import { proxyPorts } from "../common/reserved";
import { isDnsLabel } from "../components/validation";
import { accessShape, completeAccess } from "./accessConfig";
import type { AllowedCaller } from "./accessConfig";
import { collectorHealthPort, collectorMetricsPort } from "../components/collectorConfig";
import { callsShape, completeCalls } from "./callsConfig";
import type { CallConfig } from "./callsConfig";
import type { ConfigReader, Notes } from "./configReader";
import { completeGuards, guardsShape } from "./guardsConfig";
import type { Profile } from "./profile";
import { checkResources, resourcesShape } from "./resourcesConfig";
import {
  hasDotSegment,
  image,
  item,
  key,
  keysOf,
  listOf,
  path,
  required,
  missingSays,
  text,
  texts,
  textThat,
  unnamed,
  variables,
  whole,
} from "./schema";
import { completeSlo, sloShape } from "./sloConfig";
import { completeTraffic, trafficShape } from "./trafficConfig";
import type { TrafficConfig } from "./trafficConfig";
import { checkVersions, fitsInNames, versionsShape } from "./versionsConfig";
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
    /**
     * Who may call it, besides the gateway where it has a path: those that config names, and those whose `calls` name
     * it.
     */
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

/** Files that kubelet puts into each container: a folder in their place keeps it from being made. */
const kubeletFiles = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

const folders = z.custom<string[]>(areFolders, foldersFix);

const name = textThat(isDnsLabel, "use a DNS label: a-z first, then a-z, 0-9 and -, at most 63 characters").refine(
  (v) => !takenNames.has(v),
  { error: ({ input }) => `${takenNames.get(String(input))}; choose another name` },
);

/** An item of `services`. */
const service = item({
  name: missingSays(name, unnamed, "give every service a name"),
  text: text.optional(),
  path: path.optional(),
  replicas: whole(0, 1000).optional(),
  image: image.optional(),
  port: whole(1, 65535)
    .refine(
      (v) => !podPorts.includes(v),
      `the sidecar or the log scraper listens there; use a port other than ${podPorts.join(", ")}`,
    )
    .default(8080),
  args: texts.optional(),
  env: variables.optional(),
  probePath: path.optional(),
  ...resourcesShape,
  user: z.custom<number>(isUser, userFix).optional(),
  writablePaths: folders
    .superRefine((all, context) =>
      all.forEach((folder, i) => {
        if (breaksContainer(folder)) {
          const message =
            "an empty folder in its place breaks the container; name the folder that the program writes to";
          context.addIssue({ code: "custom", path: [i], message });
        }
      }),
    )
    .optional(),
  logFiles: item({
    folder: required(
      textThat(
        (v) => areFolders([v]) && !breaksContainer(v),
        "use an absolute path that only the program uses, like /var/log/shop, without a / at the end",
      ),
      "/var/log/unnamed",
      "/var/log/shop",
    ),
    files: textThat(isFilePattern, "use the name of a file, with * for any letters: *.log").optional(),
  }).optional(),
  ...trafficShape,
  ...versionsShape,
  ...callsShape,
  ...accessShape,
  ...guardsShape,
  ...sloShape,
});

type ServiceItem = z.output<typeof service>;

const [, ...optionalFields] = keysOf(service);

/** The key of the services. */
export const servicesKeys = {
  services: key(
    `The services, each with name and optionally ${optionalFields.join(", ")}; docs/security.md describes jwt and extAuthz, docs/logs.md logFiles, docs/alerts.md slo.`,
    listOf(service, "use a list of objects").refine(
      (all) => all.length > 0,
      "declare at least one service, or remove the key for the default ones",
    ),
    defaultServices,
  ),
};

/** Reads the key `services`. */
export function readServices(reader: ConfigReader, profile: Profile): ServiceConfig[] {
  const items = reader.read(servicesKeys).services;
  const names = items.flatMap(({ name }, i) => (reader.isWrong(`services[${i}].name`) ? [] : [name]));
  const services = items.map((one, i) => completeService(one, reader.in(`services[${i}]`), profile, names));
  rejectTwins(reader, services);
  rejectTwinPaths(reader, services);
  rejectNameClashes(reader, services);
  return withCallers(services);
}

/** @returns a service with what it leaves out. `names` are those of all services. */
function completeService(own: ServiceItem, notes: Notes, profile: Profile, names: readonly string[]): ServiceConfig {
  const { name, text, image, args, probePath, jwt, extAuthz, slo, ...rest } = own;
  const { port, replicas, logFiles, writablePaths = [] } = rest;
  if (image !== undefined && text !== undefined) {
    notes.problem("text", text, textForOwnImage);
  }
  if (logFiles && !areFolders([...writablePaths, logFiles.folder])) {
    const fix = "it is one of writablePaths, or within one; remove it there: it is writable already";
    notes.problem("logFiles.folder", logFiles.folder, fix);
  }
  checkResources(own.resources, notes);
  checkVersions(own, notes);
  const { autoscaling, replicas: defaultReplicas, minAvailable, traffic, ...defaults } = profile.services;
  const container =
    image === undefined
      ? {
          image: profile.images.httpEcho,
          args: args ?? echoArgs(port, text ?? `Hello from ${name}`),
          probePath: probePath ?? "/",
        }
      : { image, args, probePath };
  return {
    ...defaults,
    ...rest,
    serviceName: name,
    replicas: replicas ?? defaultReplicas,
    // A number of one's own means that number: no autoscaler, and no budget that it could never meet.
    autoscaling: replicas === undefined ? autoscaling : undefined,
    minAvailable: (replicas ?? defaultReplicas) > (minAvailable ?? 0) ? minAvailable : undefined,
    resources: own.resources ?? defaults.resources,
    ...container,
    ...completeTraffic(own, notes, traffic),
    versions: own.versions?.map((version, i) =>
      completeVersion(version, notes.in("versions").in(i), { name, port, ...container, ownImage: image }),
    ),
    calls: completeCalls(own, notes, names),
    allowFrom: completeAccess(own.allowFrom, notes, names),
    ...completeGuards({ jwt, extAuthz }, notes),
    slo: completeSlo(slo),
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

/**
 * Fills in what a version leaves to its service, and notes a text that nothing would show, or a name that is too long.
 */
function completeVersion(
  { text, image, args, ...version }: VersionConfig,
  notes: Notes,
  service: VersionContext,
): ServiceVersion {
  const full = versionName(service.name, version.version);
  if (!fitsInNames(service.name, version.version)) {
    notes.problem("version", version.version, `${full} is too long for a name; shorten one of the two`);
  }
  if (text !== undefined && (image ?? service.ownImage) !== undefined) {
    notes.problem("text", text, textForOwnImage);
  }
  const inherited = image === undefined ? service.args : undefined;
  return {
    ...version,
    image: image ?? service.image,
    args: args ?? (text === undefined ? inherited : echoArgs(service.port, text)),
  };
}

const textForOwnImage = "the text is for the default image; with an image of your own, use args or env";

function echoArgs(port: number, text: string): string[] {
  return [`-listen=:${port}`, `-text=${text}`];
}

function rejectTwins(notes: Notes, services: readonly ServiceConfig[]): void {
  const names = services.map(({ serviceName }) => serviceName);
  names.forEach((name, i) => {
    const first = names.indexOf(name);
    if (first < i && !notes.isWrong(`services[${i}].name`)) {
      notes.problem(`services[${i}].name`, name, `services[${first}] has this name already; give each its own`);
    }
  });
}

/** Notes every path of a service, or of one of its calls, that another has already. */
function rejectTwinPaths(notes: Notes, services: readonly ServiceConfig[]): void {
  const owners = new Map<string, string>();
  const claim = (owner: string, path: string) => {
    const other = owners.get(path);
    if (other === undefined) {
      owners.set(path, owner);
    } else if (!notes.isWrong(`${owner}.path`)) {
      notes.problem(`${owner}.path`, path, `${other} has this path already; give each its own`);
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

/**
 * What each version of a service has of its own: the middle of the names of these in Pulumi's state, before the
 * version.
 */
const ofEachVersion = ["deployment", "pdb", "hpa", "subset", "service", "rule"];

/**
 * Notes every version whose objects would have the name of another's, in the cluster (service `a` of version `b-c`, and
 * service `a-b` of version `c`) or in Pulumi's state. Services of one name are noted by {@link rejectTwins}.
 */
function rejectNameClashes(notes: Notes, services: readonly ServiceConfig[]): void {
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
        versionName(serviceName, version),
        `${versionName(serviceName, version)}-service`,
        ...ofEachVersion.map((kind) => stateName(serviceName, kind, version)),
      ];
      const taken = names.find((name) => ![undefined, at].includes(owners.get(name)));
      const owner = taken === undefined ? undefined : owners.get(taken);
      // Two versions of one name within a service were noted already.
      if (owner !== undefined && !owner.startsWith(`services[${i}].versions`)) {
        notes.problem(at, version, `${owner} makes the name ${objectName(taken!)} already; call the version otherwise`);
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

/** @returns true for a folder that no container can do without. */
function breaksContainer(folder: string): boolean {
  return (
    [...imageFolders, ...kubeletFiles].includes(folder) ||
    kernelFolders.some((one) => `${folder}/`.startsWith(`${one}/`))
  );
}

/** A folder within another would be a mount on a mount, and their order is not guaranteed. */
function areFolders(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.every((path) => typeof path === "string" && /^(\/[^/:\s]+)+$/.test(path) && !hasDotSegment(path)) &&
    value.every((path: string, i) => value.every((other: string, j) => i === j || !`${other}/`.startsWith(`${path}/`)))
  );
}
