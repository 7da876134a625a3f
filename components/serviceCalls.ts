import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PodExtras } from "./podExtras";
import { containerSecurity } from "./observability/backend";
import type { Resources } from "./observability/backend";

/**
 * A path of one service that is answered by another: the request goes on from the first service's pod, with all its
 * headers.
 */
export interface ServiceCall {
  /** Port of the calling service at which the path is served. */
  port: number;
  /** URL of the called service, without a path: that of the request is added. */
  url: pulumi.Input<string>;
}

/** Args of {@link callCompanion}. */
export interface CallSettings {
  /** Image of fortio. */
  image: string;
}

/** Requests and limits of the container that calls other services. */
export const callerResources: Resources = {
  requests: { cpu: "2m", memory: "12Mi" },
  limits: { memory: "64Mi" },
};

/** Any user that is not root. */
const user = 65532;

/** @returns what the Service calls the port of a call; the name's first part is how Istio knows the protocol. */
export function callPortName(port: number): string {
  return `http-${port}`;
}

/**
 * @returns what a pod gets to answer by calls to other services: fortio's HTTP proxies, one port each. fortio mirrors
 * method, path, body and every header (fhttp/http_forwarder.go, CopyHeaders), `traceparent` and `x-request-id` among
 * them, so that the spans of both services are of one trace; it answers with the status and the body that it was given.
 */
export function callCompanion(calls: readonly ServiceCall[], { image }: CallSettings): PodExtras | undefined {
  if (calls.length === 0) {
    return undefined;
  }
  const container: k8s.types.input.core.v1.Container = {
    name: "caller",
    image,
    imagePullPolicy: "IfNotPresent",
    args: ["proxies", "-quiet", ...calls.flatMap(({ port, url }) => ["-M", pulumi.interpolate`${port} ${url}`])],
    ports: calls.map(({ port }) => ({ name: callPortName(port), containerPort: port })),
    resources: callerResources,
    startupProbe: { tcpSocket: { port: calls[0]!.port }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { tcpSocket: { port: calls[0]!.port }, periodSeconds: 5 },
    securityContext: { ...containerSecurity, runAsNonRoot: true, runAsUser: user, runAsGroup: user },
  };
  return { containers: [container] };
}
