import type { EchoServiceArgs } from "../components/echoService";
import { isDnsLabel, isPort } from "../components/validation";
import { didYouMean, isObject } from "./configReader";
import type { ConfigReader } from "./configReader";
import type { Profile } from "./profile";

/** One service as config declares it, with every default filled in. */
export type ServiceConfig = Omit<EchoServiceArgs, "namespace" | "image" | "args" | "env"> & {
  image: string;
  args?: string[];
  env?: Record<string, string>;
  /** Path on the gateway; undefined keeps the service inside the mesh. */
  path?: string;
};

/** The article's two services. */
const defaultServices = [
  { name: "user-service", text: "Hello from User Service", path: "/user" },
  { name: "payment-service", text: "Hello from Payment Service", path: "/payment" },
];

/** Port of services that do not name one. */
const defaultPort = 8080;

/** Keys of an item of `services`. */
const serviceKeys = ["name", "text", "path", "replicas", "image", "port", "args", "env", "probePath", "resources"];

const pathFix = "start with /, write each segment of letters, digits and ._~-, and leave out a / at the end";

/** Reads the key `services`. */
export function readServices(reader: ConfigReader, profile: Profile): ServiceConfig[] {
  const items = reader.objects("services") ?? defaultServices;
  if (items.length === 0) {
    reader.problem("services", items, "declare at least one service, or remove the key for the default ones");
  }
  const services = items.map((item, i) => readService(reader, item, `services[${i}]`, profile));
  rejectTwins(reader, services, "name", (service) => service.serviceName);
  rejectTwins(reader, services, "path", (service) => service.path);
  return services;
}

function readService(reader: ConfigReader, item: Record<string, unknown>, at: string, profile: Profile): ServiceConfig {
  const check = <T>(key: string, ok: (value: unknown) => value is T, fix: string): T | undefined => {
    const value = item[key];
    if (value === undefined || value === null) {
      return undefined;
    }
    if (!ok(value)) {
      reader.problem(`${at}.${key}`, value, fix);
      return undefined;
    }
    return value;
  };
  for (const key of Object.keys(item).filter((key) => !serviceKeys.includes(key))) {
    reader.problem(
      `${at}.${key}`,
      item[key],
      `no such key${didYouMean(key, serviceKeys)}; known are ${serviceKeys.join(", ")}`,
    );
  }

  const nameFix = "use a DNS label: a-z first, then a-z, 0-9 and -, at most 63 characters";
  const name = check("name", (v): v is string => typeof v === "string" && isDnsLabel(v), nameFix);
  if (item.name === undefined || item.name === null) {
    reader.problem(`${at}.name`, undefined, "give every service a name");
  }
  const image = check("image", isText, "use an image reference such as registry/name:1.2.3");
  const text = check("text", isText, "use a text that is not empty");
  if (image !== undefined && text !== undefined) {
    reader.problem(`${at}.text`, text, "the text is for the default image; with an image of your own, use args or env");
  }
  const { autoscaling, replicas: defaultReplicas, minAvailable, ...defaults } = profile.services;
  const replicas = check("replicas", (v): v is number => isWhole(v, 0, 1000), "use a whole number from 0 to 1000");
  const port = check("port", isPort, "use a whole number from 1 to 65535") ?? defaultPort;
  const args = check(
    "args",
    (v): v is string[] => Array.isArray(v) && v.every((a) => typeof a === "string"),
    "use a list of texts",
  );

  return {
    ...defaults,
    serviceName: name ?? "unnamed",
    port,
    replicas: replicas ?? defaultReplicas,
    // A number of one's own means that number: no autoscaler, and no budget that it could never meet.
    autoscaling: replicas === undefined ? autoscaling : undefined,
    minAvailable: (replicas ?? defaultReplicas) > (minAvailable ?? 0) ? minAvailable : undefined,
    resources:
      check("resources", isResources, "use an object with requests and limits, each of cpu and memory") ??
      defaults.resources,
    path: check("path", (v): v is string => typeof v === "string" && isPath(v), pathFix),
    env: check("env", isTextMap, "use an object of texts"),
    ...(image === undefined
      ? {
          image: profile.images.httpEcho,
          args: args ?? [`-listen=:${port}`, `-text=${text ?? `Hello from ${name}`}`],
          probePath: check("probePath", isPathText, pathFix) ?? "/",
        }
      : { image, args, probePath: check("probePath", isPathText, pathFix) }),
  };
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

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}

function isPathText(value: unknown): value is string {
  return typeof value === "string" && isPath(value);
}

function isPath(value: string): boolean {
  return value === "/" || /^(\/[A-Za-z0-9._~-]+)+$/.test(value);
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((v) => typeof v === "string");
}

function isResources(value: unknown): value is NonNullable<EchoServiceArgs["resources"]> {
  const isAmounts = (v: unknown) =>
    isObject(v) && Object.values(v).every((amount) => /^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi)?$/.test(String(amount)));
  return (
    isObject(value) && Object.entries(value).every(([key, v]) => ["requests", "limits"].includes(key) && isAmounts(v))
  );
}
