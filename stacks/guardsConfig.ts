import { z } from "zod";
import { isServiceHost, serviceHost } from "../components/hosts";
import type { ExternalHost } from "../components/externalHosts";
import { isExternalHost } from "../components/externalHosts";
import type { ExternalAuthorizer, Guards } from "../components/guards";
import { isMap } from "../common/isMap";
import type { Notes } from "./configReader";
import { duration, flag, isPath, item, pathFix, required, textsThat, textThat } from "./schema";
import type { ServiceConfig } from "./servicesConfig";

const paths = textsThat(isPath, `use a list of paths, each of which means all below, too; ${pathFix}`).optional();

const headers = textsThat(
  (v) => /^[A-Za-z0-9-]+$/.test(v),
  "use a list of names of headers, of letters, digits and -",
).optional();

const authorizer = "http://authz.auth.svc.cluster.local:9000";

/** Keys of an item of `services`: what it asks of each request besides that its caller is a declared one. */
export const guardsShape = {
  jwt: item({
    issuer: required(
      textThat((v) => /^[^\s*]+$/.test(v), "use the claim iss of its tokens, without blanks and *"),
      "unnamed",
      "https://login.example.com",
    ),
    jwksUri: textThat(
      (v) => /^https?:\/\/[^\s@]+$/.test(v) && URL.canParse(v),
      "use an http or https URL, without a password",
    ).optional(),
    jwks: z.custom<KeySet>(isKeySet, "use an object with keys, a list of JSON Web Keys, each with its kty").optional(),
    audiences: textsThat(
      (v) => /^\S+$/.test(v),
      "use a list of values of the claim aud, or leave it out for any",
    ).optional(),
    paths,
  }).optional(),
  extAuthz: item({
    url: required(
      textThat(isAuthorizerUrl, `use http://HOST:PORT or http://HOST:PORT/PATH, such as ${authorizer}`),
      authorizer,
    ),
    requestHeaders: headers,
    upstreamHeaders: headers,
    timeout: duration.optional(),
    failOpen: flag.optional(),
    paths,
  }).optional(),
};

interface KeySet {
  keys: Record<string, unknown>[];
}

function isKeySet(value: unknown): value is KeySet {
  const keys: unknown = isMap(value) ? value.keys : undefined;
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => isMap(key) && typeof key.kty === "string");
}

function isAuthorizerUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url?.protocol === "http:" && `${url.username}${url.password}${url.search}${url.hash}` === "";
  return bare && isExternalHost(url.hostname) && (url.pathname === "/" || isPath(url.pathname));
}

/** @returns what a service asks of each request. */
export function completeGuards({ jwt, extAuthz }: GuardsConfig, notes: Notes): Guards {
  if (jwt) {
    checkKeys(jwt, notes.in("jwt"));
  }
  return {
    jwt: jwt && { ...jwt, jwks: jwt.jwks && JSON.stringify(jwt.jwks) },
    extAuthz: extAuthz && authorizerOf(extAuthz),
  };
}

type GuardsConfig = z.output<z.ZodObject<typeof guardsShape>>;

function checkKeys({ jwksUri, jwks }: NonNullable<GuardsConfig["jwt"]>, notes: Notes): void {
  jwks?.keys.forEach((key, i) => {
    if (key.kty === "oct" || "d" in key) {
      // What is declared is for every reader of the cluster's objects.
      const fix = "that is a secret key; give the public key of an asymmetric pair alone";
      notes.problem(`jwks.keys[${i}]`, "[secret]", fix);
    }
  });
  const hasUri = jwksUri !== undefined || notes.isWrong("jwksUri");
  const hasKeys = jwks !== undefined || notes.isWrong("jwks");
  if (hasUri && hasKeys) {
    notes.problem("jwks", "[...]", "jwksUri says where the keys are; remove one of the two");
  } else if (!hasUri && !hasKeys) {
    notes.problem("jwksUri", undefined, "set it, or jwks: without keys no token can be verified");
  }
}

function authorizerOf({ url, ...rest }: NonNullable<GuardsConfig["extAuthz"]>): ExternalAuthorizer {
  const { hostname, port, pathname } = new URL(url);
  return { host: hostname, port: Number(port || 80), pathPrefix: pathname === "/" ? undefined : pathname, ...rest };
}

/**
 * Notes every authorizer that the mesh does not know, or that refuses the service: all requests of the service would be
 * refused.
 */
export function rejectUnknownAuthorizers(
  notes: Notes,
  config: { services: readonly ServiceConfig[]; externalHosts: readonly ExternalHost[]; namespace: string },
): void {
  const { services, externalHosts, namespace } = config;
  services.forEach(({ serviceName, extAuthz }, i) => {
    if (!extAuthz) {
      return;
    }
    const { host, port } = extAuthz;
    const own = services.find((one) => serviceHost(one.serviceName, namespace) === host);
    const listed = externalHosts.some(
      (one) => one.host === host && one.port === port && one.protocol.startsWith("HTTP") && one.protocol !== "HTTPS",
    );
    if (own?.allowFrom.every((caller) => !("service" in caller) || caller.service !== serviceName)) {
      const fix = `add ${serviceName} to allowFrom of ${own.serviceName}, which refuses its questions`;
      notes.problem(`services[${i}].extAuthz.url`, `http://${host}:${port}`, fix);
    } else if (!isServiceHost(host) && !listed) {
      const fix = `the proxies do not know it; use SERVICE.NAMESPACE.svc.cluster.local, or add host and port to externalHosts, with protocol HTTP`;
      notes.problem(`services[${i}].extAuthz.url`, `http://${host}:${port}`, fix);
    }
  });
}
