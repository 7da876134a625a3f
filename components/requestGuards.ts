import * as pulumi from "@pulumi/pulumi";
import { isDuration } from "./durations";
import { authorizerQuestion, tokenReader, tokenRequirement } from "./guards";
import type { Guards } from "./guards";
import { AuthorizationPolicy } from "./istioApi/authorizationPolicy";
import { RequestAuthentication } from "./istioApi/requestAuthentication";
import { ArgsCheck, isPort } from "./validation";

/** Args of {@link RequestGuards}. */
export interface RequestGuardsArgs extends Guards {
  /** Namespace of the pods. */
  namespace: pulumi.Input<string>;
  /** Value of the label `app` of the pods. */
  serviceName: string;
}

/**
 * What a service asks of a request besides that its caller is a declared one: a token, an external authorizer's
 * consent. All must let it pass. The authorizer has to be in MeshConfig, see guardsMeshConfig; let it depend on the
 * control plane, which refuses all for one that it does not know.
 */
export class RequestGuards extends pulumi.ComponentResource {
  constructor(name: string, args: RequestGuardsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:RequestGuards", name, {}, opts);
    validate(args, this);
    const { namespace, serviceName, jwt, extAuthz } = args;
    if (jwt) {
      const reader = new RequestAuthentication(
        `${name}-tokens`,
        { metadata: { name: serviceName, namespace }, spec: tokenReader(serviceName, jwt) },
        { parent: this },
      );
      new AuthorizationPolicy(
        `${name}-require-token`,
        { metadata: { name: `require-token-${serviceName}`, namespace }, spec: tokenRequirement(serviceName, jwt) },
        // Where tokens are not read, no request has one.
        { parent: this, dependsOn: reader },
      );
    }
    if (extAuthz) {
      new AuthorizationPolicy(
        `${name}-ext-authz`,
        { metadata: { name: `ext-authz-${serviceName}`, namespace }, spec: authorizerQuestion(serviceName, extAuthz) },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function validate({ serviceName, jwt, extAuthz }: RequestGuardsArgs, resource: pulumi.Resource): void {
  const check = new ArgsCheck("RequestGuards").requireDnsLabel("serviceName", serviceName);
  if (jwt) {
    const keys = [jwt.jwksUri, jwt.jwks].filter((one) => one !== undefined);
    check.require(/^[^\s*]+$/.test(jwt.issuer), "jwt.issuer", jwt.issuer, "use the claim iss, without blanks and *");
    check.require(keys.length === 1, "jwt.jwksUri", jwt.jwksUri, "set one of jwksUri and jwks");
  }
  if (extAuthz) {
    const { port, timeout } = extAuthz;
    check.require(isPort(port), "extAuthz.port", port, "use a whole number from 1 to 65535");
    check.require(
      timeout === undefined || isDuration(timeout),
      "extAuthz.timeout",
      timeout,
      "use a duration such as 500ms",
    );
  }
  for (const [key, paths] of Object.entries({ jwt: jwt?.paths, extAuthz: extAuthz?.paths })) {
    check.require(
      paths === undefined || (paths.length > 0 && paths.every((path) => /^\/[^*?#]*$/.test(path))),
      `${key}.paths`,
      paths,
      "use paths that start with /, without *, or leave it out for all",
    );
  }
  check.done(resource);
}
