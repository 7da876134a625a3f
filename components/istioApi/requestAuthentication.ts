import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Whose tokens are taken, and the keys that prove them. */
export interface JwtRule {
  /** Claim `iss` of the tokens. */
  issuer: string;
  /** Where istiod fetches the keys. */
  jwksUri?: string;
  /** The keys, as JSON. */
  jwks?: string;
  /** A token has one of these in its claim `aud`. Default: whatever it has. */
  audiences?: string[];
  /** Pass the token on to the application. Default false. */
  forwardOriginalToken?: boolean;
}

/** Spec of a RequestAuthentication. It refuses wrong tokens; a request without one passes. */
export interface RequestAuthenticationSpec {
  /** Workloads it is for; the whole namespace when left out. */
  selector?: { matchLabels: Record<string, string> };
  jwtRules: JwtRule[];
}

/** Args of {@link RequestAuthentication}. */
export interface RequestAuthenticationArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: RequestAuthenticationSpec;
}

/** security.istio.io/v1 RequestAuthentication. */
export class RequestAuthentication extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: RequestAuthenticationArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "security.istio.io/v1", kind: "RequestAuthentication", ...args }, opts);
  }
}
