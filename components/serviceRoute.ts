import * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "./hosts";
import type { HttpMatchRequest, HttpRoute, HttpRouteDestination } from "./istioApi/virtualService";

/** How often and when a failed request is tried again. */
export interface Retries {
  /** Tries after the first; 0 switches retries off, Istio's own too. */
  attempts: number;
  /** Time of one try, for example `2s`. Default: the route's `timeout`. */
  perTryTimeout?: string;
  /** Envoy's conditions and status codes, separated by commas. Default: Istio's, for what is safe to try again. */
  retryOn?: string;
}

/** Requests that wait. */
export interface FaultDelay {
  /** Percent of the requests, 0 to 100. */
  percent: number;
  /** How long they wait, for example `2s`. */
  duration: string;
}

/** Requests that are answered without the service. */
export interface FaultAbort {
  /** Percent of the requests, 0 to 100. */
  percent: number;
  /** HTTP status of the answer. */
  status: number;
}

/** Failures made on purpose, to see how callers take them. Envoy retries no request that it failed itself. */
export interface Fault {
  /** Requests that wait before they go on. Default: none. */
  delay?: FaultDelay;
  /** Requests that fail. Default: none. */
  abort?: FaultAbort;
}

/** Requests that go to one version whatever the weights say. */
export interface Canary {
  /** Name of the header that chooses. */
  header: string;
  /** What it has to hold. Default: anything. */
  value?: string;
  /** Where such requests go. */
  version: string;
}

/** Copies of requests, whose answers are thrown away. */
export interface Mirror {
  /** Where the copies go. */
  version: string;
  /** Percent of the requests, 0 to 100. */
  percent: number;
}

/** A version and its share of the requests. */
export interface VersionWeight {
  /** Value of the label `version`. */
  version: string;
  /** Percent of the requests, 0 to 100. Without weights all pods share the requests evenly, whatever their version. */
  weight?: number;
}

/** How requests to one service are routed, whatever its versions. */
export interface RouteRules {
  /** Total time of a request, retries included. Default: no limit. */
  timeout?: string;
  /** Default: Istio's, two more tries. */
  retries?: Retries;
  /** Default: none. */
  fault?: Fault;
  /** Default: none. */
  canary?: Canary;
  /** Default: none. */
  mirror?: Mirror;
}

/** How requests to one service are routed, by the ingress gateway as well as by sidecars. */
export interface RouteSettings extends RouteRules {
  /** Default: one version, without a subset. */
  versions?: VersionWeight[];
}

/** The Service that a route leads to. */
export interface RouteTarget {
  /** Name of the Service. */
  service: pulumi.Input<string>;
  /** Namespace of the Service. Default: that of the routes. */
  serviceNamespace?: pulumi.Input<string>;
  /** Port of the Service. */
  port: number;
}

/**
 * @param match What the requests have in common. Default: every request.
 * @returns the rules of a VirtualService that lead to one service, the canary's first: the first rule that matches
 * decides.
 */
export function httpRoutes(
  target: RouteTarget,
  settings: RouteSettings,
  name: string,
  match?: HttpMatchRequest[],
): HttpRoute[] {
  const host =
    target.serviceNamespace === undefined
      ? target.service
      : pulumi
          .all([target.service, target.serviceNamespace])
          .apply(([service, namespace]) => serviceHost(service, namespace));
  const destination = (subset?: string) => ({
    host,
    port: { number: target.port },
    ...(subset !== undefined && { subset }),
  });
  const { canary, mirror } = settings;
  const policies = {
    ...(settings.timeout !== undefined && { timeout: settings.timeout }),
    ...(settings.retries && { retries: { ...settings.retries } }),
    ...(settings.fault && { fault: faultSpec(settings.fault) }),
    ...(mirror && { mirror: destination(mirror.version), mirrorPercentage: { value: mirror.percent } }),
  };
  const rule: HttpRoute = {
    name,
    ...(match && { match }),
    route: weighted(settings.versions).map(({ version, weight }): HttpRouteDestination => {
      return { destination: destination(version), ...(weight !== undefined && { weight }) };
    }),
    ...policies,
  };
  if (!canary) {
    return [rule];
  }
  return [
    {
      ...rule,
      name: `${name}-canary`,
      match: canaryMatch(canary, match),
      route: [{ destination: destination(canary.version) }],
    },
    rule,
  ];
}

/** @returns where requests go by weight; one entry without version if nothing weighs. */
export function weighted(versions: readonly VersionWeight[] = []): { version?: string; weight?: number }[] {
  const sharing = versions.filter(({ weight }) => weight !== undefined && weight > 0);
  return sharing.length > 0 ? sharing.map(({ version, weight }) => ({ version, weight })) : [{}];
}

function canaryMatch({ header, value }: Canary, match: HttpMatchRequest[] = [{}]): HttpMatchRequest[] {
  // Header names are compared in lower case.
  const headers = { [header.toLowerCase()]: value === undefined ? { regex: ".*" } : { exact: value } };
  return match.map((one) => ({ ...one, headers: { ...one.headers, ...headers } }));
}

function faultSpec({ delay, abort }: Fault): HttpRoute["fault"] {
  return {
    ...(delay && { delay: { percentage: { value: delay.percent }, fixedDelay: delay.duration } }),
    ...(abort && { abort: { percentage: { value: abort.percent }, httpStatus: abort.status } }),
  };
}

/** @returns every subset that a route made of the settings names. */
export function namedVersions(settings: RouteSettings): string[] {
  const names = [
    ...weighted(settings.versions).map(({ version }) => version),
    settings.canary?.version,
    settings.mirror?.version,
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}
