import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** How a string of a request is compared; exactly one field is set. */
export interface StringMatch {
  exact?: string;
  prefix?: string;
  regex?: string;
}

/** One alternative of a route's match; all its fields must hold. */
export interface HttpMatchRequest {
  uri?: StringMatch;
  headers?: Record<string, StringMatch>;
  queryParams?: Record<string, StringMatch>;
  /** Port of the Gateway that the request came in at. */
  port?: number;
}

/** Where a request goes. */
export interface Destination {
  host: pulumi.Input<string>;
  port?: { number: number };
  /** Subset of the host's DestinationRule. */
  subset?: string;
}

/** A destination and its share of the requests. */
export interface HttpRouteDestination {
  destination: Destination;
  /** Percent of the requests, 0 to 100; the weights of one route add to 100. */
  weight?: number;
}

/** One rule of a VirtualService; the first that matches decides. */
export interface HttpRoute {
  name?: string;
  match?: HttpMatchRequest[];
  /** Where requests go; left out where `redirect` answers them. */
  route?: HttpRouteDestination[];
  redirect?: { scheme: "https"; port: number; redirectCode: number };
  rewrite?: { uri?: string };
  /** Total time of a request, retries included, for example `5s`. */
  timeout?: string;
  retries?: { attempts: number; perTryTimeout?: string; retryOn?: string; retryRemoteLocalities?: boolean };
  mirror?: Destination;
  mirrorPercentage?: { value: number };
  fault?: {
    delay?: { percentage: { value: number }; fixedDelay: string };
    abort?: { percentage: { value: number }; httpStatus: number };
  };
}

/** Spec of a VirtualService, HTTP only. */
export interface VirtualServiceSpec {
  hosts: pulumi.Input<string>[];
  /** `NAMESPACE/NAME` of a Gateway, or `mesh` for sidecars; `mesh` alone when left out. */
  gateways?: pulumi.Input<string>[];
  http: HttpRoute[];
}

/** Args of {@link VirtualService}. */
export interface VirtualServiceArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: VirtualServiceSpec;
}

/** networking.istio.io/v1 VirtualService. */
export class VirtualService extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: VirtualServiceArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1", kind: "VirtualService", ...args }, opts);
  }
}
