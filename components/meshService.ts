import * as pulumi from "@pulumi/pulumi";
import { EchoService } from "./echoService";
import type { EchoServiceVersion, Workload } from "./echoService";
import type { Guards } from "./guards";
import { declareProxyScope } from "./proxyScope";
import { RequestGuards } from "./requestGuards";
import type { RouteRules, VersionWeight } from "./serviceRoute";
import { ServiceRoutes } from "./serviceRoutes";
import { TrafficPolicy } from "./trafficPolicy";
import type { ServiceLimits } from "./trafficPolicy";

/** A version of a service: its Deployment, its subset and its share of the requests. */
export interface ServiceVersion extends EchoServiceVersion, VersionWeight {}

/** A service: what runs, what holds for its callers, and how they are routed. */
export interface ServiceSettings extends Workload, RouteRules, ServiceLimits, Guards {
  /** Several versions. Default: one, without a subset. */
  versions?: ServiceVersion[];
  /** Each version gets a Service of its own, too: routes of the Kubernetes Gateway API lead there. Default false. */
  versionServices?: boolean;
  /**
   * What its sidecars know of the mesh: `NAMESPACE/HOST`, with `.` for the own namespace and `*` for any. Default: all
   * of it.
   */
  knownHosts?: pulumi.Input<string>[];
}

/** Args of {@link MeshService}. */
export interface MeshServiceArgs extends ServiceSettings {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
}

/**
 * A service of the mesh, in the order that loses no request: what its proxies know, its limits, subsets and guards,
 * then its pods, then the routes that lead there. Let it depend on the control plane and on the MeshNamespace: a pod
 * that starts before the injector stays without a sidecar.
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
