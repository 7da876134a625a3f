import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Spec of an AuthorizationPolicy that allows. Without rules it allows nothing, and so denies all that no other one allows. */
export interface AuthorizationPolicySpec {
  /** Workloads it is for; the whole namespace when left out. */
  selector?: { matchLabels: Record<string, pulumi.Input<string>> };
  /** A request is allowed if one rule matches it. */
  rules?: { from: { source: { principals: pulumi.Input<string>[] } }[] }[];
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
