import * as pulumi from "@pulumi/pulumi";
import { VirtualService } from "./istioApi/virtualService";
import { httpRoutes } from "./serviceRoute";
import type { RouteSettings, RouteTarget } from "./serviceRoute";
import { checkRouteSettings } from "./serviceRouteCheck";
import { ArgsCheck } from "./validation";

/** Args of {@link ServiceRoutes}. */
export interface ServiceRoutesArgs extends RouteTarget, RouteSettings {
  /** Namespace of the Service; the VirtualService goes there. */
  namespace: pulumi.Input<string>;
  /** Name of the VirtualService, by custom that of the Service. */
  routeName: string;
}

/**
 * How sidecars send requests to a service: the same retries, timeouts and weights that the ingress gateway follows. Let
 * it depend on the service's TrafficPolicy: a subset must exist before a route names it.
 */
export class ServiceRoutes extends pulumi.ComponentResource {
  /** Name of the VirtualService, known once it exists. */
  readonly virtualService: pulumi.Output<string>;

  constructor(name: string, args: ServiceRoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:ServiceRoutes", name, {}, opts);
    const check = new ArgsCheck("ServiceRoutes").requireDnsLabel("routeName", args.routeName);
    checkRouteSettings(check, args);
    check.done(this);

    const virtualService = new VirtualService(
      `${name}-vs`,
      {
        metadata: { name: args.routeName, namespace: args.namespace },
        spec: { hosts: [args.service], http: httpRoutes(args, args, args.routeName) },
      },
      { parent: this },
    );

    this.virtualService = virtualService.metadata.name;
    this.registerOutputs({ virtualService: this.virtualService });
  }
}
