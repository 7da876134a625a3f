import * as pulumi from "@pulumi/pulumi";
import { AuthorizationPolicy } from "./istioApi/authorizationPolicy";
import { ArgsCheck } from "./validation";

/** The identity of a caller: the service account that its pods run as. */
export interface Caller {
  /** Namespace of the service account. */
  namespace: pulumi.Input<string>;
  /** Name of the service account. */
  serviceAccount: pulumi.Input<string>;
}

/** Args of {@link AccessPolicy}. */
export interface AccessPolicyArgs {
  /** Namespace whose workloads refuse callers that are not allowed. */
  namespace: pulumi.Input<string>;
  /** The declared edges: each service, the value of the label `app` of its pods, with who may call it. */
  services: { service: string; callers: Caller[] }[];
}

/**
 * @returns a caller as AuthorizationPolicies name it. `cluster.local` is there an alias of whatever trust domain the
 * mesh has.
 */
export function principal({ namespace, serviceAccount }: Caller): pulumi.Output<string> {
  return pulumi.interpolate`cluster.local/ns/${namespace}/sa/${serviceAccount}`;
}

/**
 * Default deny in a namespace, and one exception for each declared edge. Callers are known by the identity that mutual
 * TLS proves, so that neither an address nor a header gives access.
 */
export class AccessPolicy extends pulumi.ComponentResource {
  /**
   * The last of the policies: what depends on it starts protected. To depend on the component means the same and names
   * each policy, which for many services, each of which does, is the square of their number.
   */
  readonly inForce: pulumi.Resource;

  constructor(name: string, args: AccessPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:AccessPolicy", name, {}, opts);
    const check = new ArgsCheck("AccessPolicy");
    args.services.forEach(({ service }, i) => check.requireDnsLabel(`services[${i}].service`, service));
    check.done(this);

    const allowed = args.services
      .filter(({ callers }) => callers.length > 0)
      .map(
        ({ service, callers }) =>
          new AuthorizationPolicy(
            `${name}-allow-${service}`,
            {
              metadata: { name: `allow-${service}`, namespace: args.namespace },
              spec: {
                selector: { matchLabels: { app: service } },
                rules: [{ from: [{ source: { principals: callers.map(principal) } }] }],
              },
            },
            { parent: this },
          ),
      );
    this.inForce = new AuthorizationPolicy(
      `${name}-default-deny`,
      // An empty spec allows nothing; what no other policy allows is refused.
      { metadata: { name: "default-deny", namespace: args.namespace }, spec: {} },
      // Switched on in a running mesh it must not refuse, for a moment, what is allowed.
      { parent: this, dependsOn: allowed },
    );
    this.registerOutputs({});
  }
}
