import type { AuthorizationPolicySpec, AuthorizationRule } from "./istioApi/authorizationPolicy";
import type { RequestAuthenticationSpec } from "./istioApi/requestAuthentication";

/** Tokens that a service asks its callers for. */
export interface Jwt {
  /** Claim `iss` of the tokens. */
  issuer: string;
  /** Where istiod fetches the issuer's public keys, and fetches them again every 20 minutes. */
  jwksUri?: string;
  /** The issuer's public keys, as JSON, in place of `jwksUri`. */
  jwks?: string;
  /** A token has one of these in its claim `aud`. Default: whatever it has. */
  audiences?: string[];
  /** Paths that need a token, each with all below. Default: every path. */
  paths?: string[];
}

/** A server that says for each request whether it may pass: it answers with 200, or with what the caller gets. */
export interface ExternalAuthorizer {
  /** Host that the mesh knows: a Service's full name, or the host of a ServiceEntry. */
  host: string;
  /** Port of HTTP. */
  port: number;
  /** Put before the request's own path when the authorizer is asked. Default: nothing. */
  pathPrefix?: string;
  /** Headers that it gets besides Host, Method, Path, Content-Length and Authorization. Default: none. */
  requestHeaders?: string[];
  /** Headers of its answer that the service gets. Default: none. */
  upstreamHeaders?: string[];
  /** How long an answer is waited for. Default `1s`. */
  timeout?: string;
  /** Let requests pass while it does not answer. Default false: they get 403. */
  failOpen?: boolean;
  /** Paths that it is asked about, each with all below. Default: every path. */
  paths?: string[];
}

/** What a service asks of each request, besides that its caller is a declared one. */
export interface Guards {
  /** Default: no token is asked for. */
  jwt?: Jwt;
  /** Default: none. */
  extAuthz?: ExternalAuthorizer;
}

/** @returns true if a request for `path` needs more than a declared caller. */
export function isGuarded({ jwt, extAuthz }: { [Key in keyof Guards]: { paths?: string[] } }, path: string): boolean {
  const covers = ({ paths = ["/"] }: { paths?: string[] }) =>
    paths.some((one) => `${path}/`.startsWith(one.endsWith("/") ? one : `${one}/`));
  return (jwt !== undefined && covers(jwt)) || (extAuthz !== undefined && covers(extAuthz));
}

/**
 * @returns the RequestAuthentication that reads tokens for the pods with this `app` label, and refuses wrong ones with
 * 401.
 */
export function tokenReader(app: string, { issuer, jwksUri, jwks, audiences }: Jwt): RequestAuthenticationSpec {
  return {
    selector: { matchLabels: { app } },
    jwtRules: [
      {
        issuer,
        ...(jwksUri !== undefined && { jwksUri }),
        ...(jwks !== undefined && { jwks }),
        ...(audiences && { audiences }),
        // For the external authorizer, which is asked later, and for what the application calls on the caller's behalf.
        forwardOriginalToken: true,
      },
    ],
  };
}

/**
 * @returns the AuthorizationPolicy that refuses requests without a token, with 403: for a RequestAuthentication they
 * are right.
 */
export function tokenRequirement(app: string, { issuer, paths }: Jwt): AuthorizationPolicySpec {
  return {
    selector: { matchLabels: { app } },
    action: "DENY",
    rules: [{ from: [{ source: { notRequestPrincipals: [`${issuer}/*`] } }], ...onPaths(paths) }],
  };
}

/** @returns the AuthorizationPolicy that asks the authorizer of the service. */
export function authorizerQuestion(app: string, { paths }: ExternalAuthorizer): AuthorizationPolicySpec {
  return {
    selector: { matchLabels: { app } },
    action: "CUSTOM",
    provider: { name: providerName(app) },
    rules: [onPaths(paths)],
  };
}

function onPaths(paths?: readonly string[]): Pick<AuthorizationRule, "to"> {
  return paths === undefined || paths.includes("/")
    ? {}
    : { to: [{ operation: { paths: paths.flatMap((path) => [path, `${path}/*`]) } }] };
}

function providerName(app: string): string {
  return `ext-authz-${app}`;
}

/**
 * @returns what the guards of services need in Istio's MeshConfig: the authorizers, and paths that cannot be written in
 * two ways.
 */
export function guardsMeshConfig(services: readonly ({ serviceName: string } & Guards)[]): Record<string, unknown> {
  const limited = services.some(({ jwt, extAuthz }) => jwt?.paths ?? extAuthz?.paths);
  return {
    extensionProviders: services.flatMap(({ serviceName, extAuthz }) =>
      extAuthz ? [{ name: providerName(serviceName), envoyExtAuthzHttp: authorizerProvider(extAuthz) }] : [],
    ),
    // Or //admin and /%2Fadmin would be other paths than /admin, that no guard is for.
    ...(limited && { pathNormalization: { normalization: "DECODE_AND_MERGE_SLASHES" } }),
  };
}

function authorizerProvider({ host, port, ...asked }: ExternalAuthorizer) {
  return {
    service: host,
    port,
    // Istio's own default are ten minutes.
    timeout: asked.timeout ?? "1s",
    failOpen: asked.failOpen ?? false,
    ...(asked.pathPrefix !== undefined && { pathPrefix: asked.pathPrefix }),
    ...(asked.requestHeaders && { includeRequestHeadersInCheck: asked.requestHeaders }),
    ...(asked.upstreamHeaders && { headersToUpstreamOnAllow: asked.upstreamHeaders }),
  };
}
