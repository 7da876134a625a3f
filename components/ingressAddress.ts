import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayReach } from "./gatewayAddress";
import { gatewayUrl, needsLoadBalancer, needsNodeAddress } from "./gatewayAddress";

/** Args of {@link IngressAddress}. */
export interface IngressAddressArgs extends Omit<GatewayReach, "nodeAddress" | "loadBalancer"> {
  /** Namespace of the gateway's Service. */
  namespace: pulumi.Input<string>;
  /** Name of the gateway's Service; unknown until the gateway is there. */
  service: pulumi.Input<string>;
  /** Name of a node of the cluster. Asked for on minikube and the sandbox, whose nodes are reached from this machine. */
  nodeName?: string;
}

/** Finds out at which URL the ingress gateway is reached. It asks the cluster only for what can't be told without. */
export class IngressAddress extends pulumi.ComponentResource {
  /** URL without a / at the end; undefined if the cluster does not tell. Unknown in a preview of a gateway yet to be made. */
  readonly url: pulumi.Output<string | undefined>;

  constructor(name: string, args: IngressAddressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:IngressAddress", name, {}, opts);

    const service = pulumi.output(args.service);
    const loadBalancer = needsLoadBalancer(args)
      ? this.readLoadBalancer(name, args, service)
      : pulumi.output(undefined);
    const nodeAddress =
      needsNodeAddress(args) && args.nodeName
        ? this.readNodeAddress(name, args.nodeName, service)
        : pulumi.output(undefined);

    this.url = pulumi
      // The Service is among them so that a URL is never told before the gateway is there.
      .all([loadBalancer, nodeAddress, service])
      .apply(([lb, node]) => gatewayUrl({ ...args, loadBalancer: lb, nodeAddress: node }));
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

  private readNodeAddress(name: string, nodeName: string, service: pulumi.Output<string>) {
    // The id waits for the Service, so that a preview of a new stack does not ask a cluster that may not be there yet.
    const read = k8s.core.v1.Node.get(
      `${name}-node`,
      service.apply(() => nodeName),
      { parent: this },
    );
    return read.status.apply((status): string | undefined => {
      const addresses = status?.addresses ?? [];
      return addresses.find((address) => address.type === "InternalIP")?.address;
    });
  }
}
