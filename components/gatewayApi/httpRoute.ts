import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** A Service that requests go to. */
export interface BackendRef {
  name: pulumi.Input<string>;
  port: number;
  /** Share of the requests, in relation to those of the rule's other backends. */
  weight?: number;
}

/** Requests that a rule is for: those of whom all of it is true. */
export interface RouteMatch {
  path: { type: "PathPrefix"; value: string };
  headers?: { type: "Exact" | "RegularExpression"; name: string; value: string }[];
}

/** What is done with a request besides that it is sent on. */
export type RouteFilter =
  | {
      type: "RequestMirror";
      requestMirror: {
        backendRef: BackendRef;
        percent?: number;
        fraction?: { numerator: number; denominator: number };
      };
    }
  | { type: "RequestRedirect"; requestRedirect: { scheme: "https"; port?: number; statusCode: 301 } };

/** A rule of an HTTPRoute, as far as this project uses it. */
export interface RouteRule {
  /** Unique within the HTTPRoute; Istio names the route in Envoy by it. */
  name?: string;
  matches?: RouteMatch[];
  filters?: RouteFilter[];
  backendRefs?: BackendRef[];
  timeouts?: { request?: string; backendRequest?: string };
  /** Of the experimental channel alone. */
  retry?: { attempts: number; codes?: number[] };
}

/** Args of {@link HttpRoute}. */
export interface HttpRouteArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: {
    /** The Gateway, and the port of the listeners, that the route is for. */
    parentRefs: { name: pulumi.Input<string>; namespace: pulumi.Input<string>; port: number }[];
    /** Default: those of the listeners. */
    hostnames?: string[];
    rules: RouteRule[];
  };
}

/** gateway.networking.k8s.io/v1 HTTPRoute. */
export class HttpRoute extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: HttpRouteArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", ...args }, opts);
  }
}
