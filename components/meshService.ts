import * as pulumi from "@pulumi/pulumi";
import { EchoService } from "./echoService";
import type { EchoServiceArgs } from "./echoService";
import type { Guards } from "./guards";
import { declareProxyScope } from "./proxyScope";
import { RequestGuards } from "./requestGuards";
import type { RouteSettings } from "./serviceRoute";
import { ServiceRoutes } from "./serviceRoutes";
import { TrafficPolicy } from "./trafficPolicy";
import type { TrafficPolicyArgs } from "./trafficPolicy";

/** Args of {@link MeshService}: what runs, what holds for its callers, and how they are routed. */
export interface MeshServiceArgs
  extends
    Omit<EchoServiceArgs, "versions" | "version" | "subsets">,
    Omit<RouteSettings, "versions">,
    Omit<TrafficPolicyArgs, "versions">,
    Guards {
  /** Versions, each with its Deployment, its subset and its share of the requests. Default: one, without a subset. */
  versions?: (NonNullable<EchoServiceArgs["versions"]>[number] & NonNullable<RouteSettings["versions"]>[number])[];
  /** What its sidecars know of the mesh, as {@link declareProxyScope} takes it. Default: all of it. */
  knownHosts?: pulumi.Input<string>[];
}

/**
 * A service of the mesh, in the order that loses no request: what its proxies know, its limits, subsets and guards, then its pods, then the routes that lead there.
 * Let it depend on the control plane and on the MeshNamespace: a pod that starts before the injector stays without a sidecar.
 */
export class MeshService extends pulumi.ComponentResource {
  /** Name of the Service. What sends it requests depends on this component, which is done when its pods are ready. */
  readonly serviceName: pulumi.Output<string>;

  constructor(name: string, args: MeshServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:MeshService", name, {}, opts);
    const { namespace, serviceName, versions, knownHosts } = args;

    const policyArgs = { ...args, versions: versions?.map(({ version }) => version) };
    const policy = new TrafficPolicy(name, policyArgs, { parent: this });
    const scopes = knownHosts
      ? [declareProxyScope(name, { namespace, app: serviceName, hosts: knownHosts }, { parent: this })]
      : [];
    const guards = args.jwt || args.extAuthz ? [new RequestGuards(name, args, { parent: this })] : [];
    const echo = new EchoService(
      name,
      { ...args, subsets: policy.subsets },
      { parent: this, dependsOn: [policy, ...scopes, ...guards] },
    );
    new ServiceRoutes(
      name,
      { ...args, namespace, routeName: serviceName, service: echo.serviceName },
      { parent: this, dependsOn: [policy, echo] },
    );

    this.serviceName = echo.serviceName;
    this.registerOutputs({ serviceName: this.serviceName });
  }
}
