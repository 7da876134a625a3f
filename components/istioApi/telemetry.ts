import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Spec of a Telemetry, as far as this project uses it. */
export interface TelemetrySpec {
  /** Workloads it is for; the whole namespace when left out, the whole mesh in Istio's root namespace. */
  selector?: { matchLabels: Record<string, string> };
  tracing?: {
    providers?: { name: string }[];
    /** Percent of the requests that start a trace, 0 to 100. */
    randomSamplingPercentage?: number;
    disableSpanReporting?: boolean;
  }[];
  metrics?: {
    providers?: { name: string }[];
    overrides?: { match?: { metric?: string; mode?: string }; disabled?: boolean }[];
  }[];
  accessLogging?: { providers?: { name: string }[]; disabled?: boolean }[];
}

/** Args of {@link Telemetry}. */
export interface TelemetryArgs {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: pulumi.Input<TelemetrySpec>;
}

/** telemetry.istio.io/v1 Telemetry. */
export class Telemetry extends k8s.apiextensions.CustomResource {
  constructor(name: string, args: TelemetryArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, { apiVersion: "telemetry.istio.io/v1", kind: "Telemetry", ...args }, opts);
  }
}
