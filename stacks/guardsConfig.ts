import type { ExternalHost } from "../components/externalHosts";
import { isExternalHost } from "../components/externalHosts";
import type { ExternalAuthorizer, Guards, Jwt } from "../components/guards";
import { isMap } from "../common/isMap";
import type { ConfigReader } from "./configReader";
import type { ItemReader } from "./itemReader";
import type { ServiceConfig } from "./servicesConfig";

/** Keys of an item of `services` that {@link readGuards} reads. */
export const guardKeys = ["jwt", "extAuthz"] as const;

/** What paths are made of. */
interface PathRules {
  isPath: (value: string) => boolean;
  pathFix: string;
}

/** Reads what a service asks of each request besides that its caller is a declared one. */
export function readGuards(item: ItemReader, rules: PathRules): Guards {
  return { jwt: readJwt(item, rules), extAuthz: readAuthorizer(item, rules) };
}

function readJwt(item: ItemReader, rules: PathRules): Jwt | undefined {
  const jwt = item.object("jwt", ["issuer", "jwksUri", "jwks", "audiences", "paths"]);
  if (!jwt) {
    return undefined;
  }
  const issuer = jwt.textLike("issuer", /^[^\s*]+$/, "use the claim iss of its tokens, without blanks and *");
  const isUri = (v: unknown): v is string => typeof v === "string" && /^https?:\/\/[^\s@]+$/.test(v) && URL.canParse(v);
  const jwksUri = jwt.value("jwksUri", isUri, "use an http or https URL, without a password");
  const jwks = jwt.value("jwks", isKeySet, "use an object with keys, a list of JSON Web Keys, each with its kty");
  jwks?.keys.forEach((key, i) => {
    if (key.kty === "oct" || "d" in key) {
      // What is declared is for every reader of the cluster's objects.
      jwt.problem(
        `jwks.keys[${i}]`,
        "[secret]",
        "that is a secret key; give the public key of an asymmetric pair alone",
      );
    }
  });
  if (jwt.has("jwksUri") && jwt.has("jwks")) {
    jwt.problem("jwks", "[...]", "jwksUri says where the keys are; remove one of the two");
  } else if (!jwt.has("jwksUri") && !jwt.has("jwks")) {
    jwt.problem("jwksUri", undefined, "has to be set, or jwks: without keys no token can be proven");
  }
  return {
    issuer: jwt.required("issuer", issuer, "unnamed", "https://login.example.com"),
    jwksUri,
    jwks: jwks && JSON.stringify(jwks),
    audiences: readTexts(jwt, "audiences", /^\S+$/, "use a list of values of the claim aud, or leave it out for any"),
    paths: readPaths(jwt, rules),
  };
}

function isKeySet(value: unknown): value is { keys: Record<string, unknown>[] } {
  const keys: unknown = isMap(value) ? value.keys : undefined;
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => isMap(key) && typeof key.kty === "string");
}

function readAuthorizer(item: ItemReader, rules: PathRules): ExternalAuthorizer | undefined {
  const keys = ["url", "requestHeaders", "upstreamHeaders", "timeout", "failOpen", "paths"];
  const authorizer = item.object("extAuthz", keys);
  if (!authorizer) {
    return undefined;
  }
  const isUrl = (v: unknown): v is string => {
    const url = typeof v === "string" && URL.canParse(v) ? new URL(v) : undefined;
    const bare = url?.protocol === "http:" && `${url.username}${url.password}${url.search}${url.hash}` === "";
    return bare && isExternalHost(url.hostname) && (url.pathname === "/" || rules.isPath(url.pathname));
  };
  const example = "http://authz.auth.svc.cluster.local:9000";
  const value = authorizer.value("url", isUrl, `use http://HOST:PORT or http://HOST:PORT/PATH, such as ${example}`);
  const url = new URL(authorizer.required("url", value, example));
  const header = /^[A-Za-z0-9-]+$/;
  const headersFix = "use a list of names of headers, of letters, digits and -";
  return {
    host: url.hostname,
    port: Number(url.port || 80),
    pathPrefix: url.pathname === "/" ? undefined : url.pathname,
    requestHeaders: readTexts(authorizer, "requestHeaders", header, headersFix),
    upstreamHeaders: readTexts(authorizer, "upstreamHeaders", header, headersFix),
    timeout: authorizer.duration("timeout"),
    failOpen: authorizer.boolean("failOpen"),
    paths: readPaths(authorizer, rules),
  };
}

function readPaths(item: ItemReader, { isPath, pathFix }: PathRules): string[] | undefined {
  const arePaths = (v: unknown): v is string[] =>
    Array.isArray(v) && v.length > 0 && v.every((one) => typeof one === "string" && isPath(one));
  return item.value("paths", arePaths, `use a list of paths, each of which means all below, too; ${pathFix}`);
}

function readTexts(item: ItemReader, key: string, pattern: RegExp, fix: string): string[] | undefined {
  const areTexts = (v: unknown): v is string[] =>
    Array.isArray(v) && v.length > 0 && v.every((one) => typeof one === "string" && pattern.test(one));
  return item.value(key, areTexts, fix);
}

/** Notes every authorizer that the mesh does not know, or that refuses the service: all requests of the service would be refused. */
export function rejectUnknownAuthorizers(
  reader: ConfigReader,
  config: { services: readonly ServiceConfig[]; externalHosts: readonly ExternalHost[]; namespace: string },
): void {
  const { services, externalHosts, namespace } = config;
  services.forEach(({ serviceName, extAuthz }, i) => {
    if (!extAuthz) {
      return;
    }
    const { host, port } = extAuthz;
    const own = services.find((one) => `${one.serviceName}.${namespace}.svc.cluster.local` === host);
    const listed = externalHosts.some(
      (one) => one.host === host && one.port === port && one.protocol.startsWith("HTTP") && one.protocol !== "HTTPS",
    );
    if (own?.allowFrom.every((caller) => !("service" in caller) || caller.service !== serviceName)) {
      const fix = `add ${serviceName} to allowFrom of ${own.serviceName}, which refuses its questions`;
      reader.problem(`services[${i}].extAuthz.url`, `http://${host}:${port}`, fix);
    } else if (!host.endsWith(".svc.cluster.local") && !listed) {
      const fix = `the proxies do not know it; use SERVICE.NAMESPACE.svc.cluster.local, or add host and port to externalHosts, with protocol HTTP`;
      reader.problem(`services[${i}].extAuthz.url`, `http://${host}:${port}`, fix);
    }
  });
}
