import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayReach } from "./gatewayAddress";
import { gatewayUrl, needsLoadBalancer } from "./gatewayAddress";

/** Args of {@link IngressAddress}. */
export interface IngressAddressArgs extends Omit<GatewayReach, "loadBalancer"> {
  /** Namespace of the gateway's Service. */
  namespace: pulumi.Input<string>;
  /** Name of the gateway's Service; unknown until the gateway is there. */
  service: pulumi.Input<string>;
}

/** Finds out at which URL the ingress gateway is reached. It asks the cluster for a load balancer's address alone. */
export class IngressAddress extends pulumi.ComponentResource {
  /**
   * URL without a / at the end; undefined if the cluster reports none. Unknown in a preview of a gateway yet to be
   * made.
   */
  readonly url: pulumi.Output<string | undefined>;

  constructor(name: string, args: IngressAddressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:IngressAddress", name, {}, opts);

    const service = pulumi.output(args.service);
    const loadBalancer = needsLoadBalancer(args)
      ? this.readLoadBalancer(name, args, service)
      : pulumi.output(undefined);

    this.url = pulumi
      // The Service is among them so that the URL is not known before the gateway exists.
      .all([loadBalancer, service])
      .apply(([address]) => gatewayUrl({ ...args, loadBalancer: address }));
    this.registerOutputs({ url: this.url });
  }

  private readLoadBalancer(name: string, { namespace }: IngressAddressArgs, service: pulumi.Output<string>) {
    const read = k8s.core.v1.Service.get(`${name}-service`, pulumi.interpolate`${namespace}/${service}`, {
      parent: this,
    });
    return read.status.apply((status): string | undefined => {
      const ingress = status?.loadBalancer?.ingress?.[0];
      return ingress?.hostname ?? ingress?.ip;
    });
  }
}
