import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Matches a request if each part that it has does. */
export interface AuthorizationRule {
  /**
   * Callers by the identity of their certificate, or by the token that they bring: `issuer/subject`, with `*` at one
   * end.
   */
  from?: { source: { principals?: pulumi.Input<string>[]; notRequestPrincipals?: string[] } }[];
  /** Paths, with `*` at one end. */
  to?: { operation: { paths: string[] } }[];
}

/**
 * Spec of an AuthorizationPolicy. Istio asks CUSTOM first, then DENY, then ALLOW: a request passes if each lets it. One
 * that allows has no `action`; without rules it allows nothing, and so denies all that no other one allows.
 */
export interface AuthorizationPolicySpec {
  /** Workloads it is for; the whole namespace when left out. */
  selector?: { matchLabels: Record<string, pulumi.Input<string>> };
  /** Default: `ALLOW`. `CUSTOM` asks `provider`. */
  action?: "DENY" | "CUSTOM";
  /** External authorizer, by its name among the extension providers of MeshConfig. */
  provider?: { name: string };
  /** The policy is for a request that one rule matches. */
  rules?: AuthorizationRule[];
}

/** Args of {@link AuthorizationPolicy}. */
export interface AuthorizationPolicyArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: AuthorizationPolicySpec;
}

/** security.istio.io/v1 AuthorizationPolicy. */
export class AuthorizationPolicy extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: AuthorizationPolicyArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", ...args }, opts);
  }
}
