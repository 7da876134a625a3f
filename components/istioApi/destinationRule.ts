import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** How callers treat a host, as far as this project uses it. */
export interface TrafficPolicySpec {
  connectionPool?: {
    tcp?: {
      maxConnections?: number;
      connectTimeout?: string;
      /** Probes of an idle connection: after `time`, each `interval`; after so many without an answer it is closed. */
      tcpKeepalive?: { time: string; interval: string; probes: number };
    };
    http?: {
      /** Requests that wait for a connection. */
      http1MaxPendingRequests?: number;
      /** Requests under way, over HTTP/1.1 as well as HTTP/2. */
      http2MaxRequests?: number;
    };
  };
  outlierDetection?: {
    /** Answers of 5xx in a row; 0 counts none. */
    consecutive5xxErrors?: number;
    /** Count what the proxy itself could not do apart from what was answered. */
    splitExternalLocalOriginErrors?: boolean;
    /** Connections in a row that failed, timed out or were reset. */
    consecutiveLocalOriginFailures?: number;
    /** Percent of endpoints that must be left for any to be passed over. */
    minHealthPercent?: number;
    interval?: string;
    baseEjectionTime?: string;
    /** Percent of the endpoints that may be ejected at once. */
    maxEjectionPercent?: number;
  };
}

/** Spec of a DestinationRule. */
export interface DestinationRuleSpec {
  host: pulumi.Input<string>;
  trafficPolicy?: TrafficPolicySpec;
  /** Endpoints by labels of their pods, so that a route can name them. */
  subsets?: { name: string; labels: Record<string, string> }[];
}

/** Args of {@link DestinationRule}. */
export interface DestinationRuleArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: DestinationRuleSpec;
}

/** networking.istio.io/v1 DestinationRule. */
export class DestinationRule extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: DestinationRuleArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "networking.istio.io/v1", kind: "DestinationRule", ...args }, opts);
  }
}
