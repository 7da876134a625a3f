import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Listener } from "./gatewayApi/gateway";
import { KubernetesGateway } from "./gatewayApi/gateway";
import type { HttpRouteArgs, RouteRule } from "./gatewayApi/httpRoute";
import { HttpRoute as KubernetesHttpRoute } from "./gatewayApi/httpRoute";
import { beyondHttpRoute, routeRules } from "./gatewayApi/routeRules";
import type { GatewayServer } from "./istioApi/gateway";
import { Gateway } from "./istioApi/gateway";
import type { HttpMatchRequest, HttpRoute } from "./istioApi/virtualService";
import { VirtualService } from "./istioApi/virtualService";
import { gatewayName, ingressGateway, istioNamespaces } from "./istioValues";
import { httpRoutes } from "./serviceRoute";
import type { RouteSettings, RouteTarget } from "./serviceRoute";
import { checkRouteSettings } from "./serviceRouteCheck";
import { ArgsCheck, isPort } from "./validation";

/** A path on the gateway, the Service behind it, and how requests get there. */
export interface IngressRoute extends RouteTarget, RouteSettings {
  /** First segments of the path, for example `/user`. It matches `/user` and `/user/x`, not `/users`. */
  path: string;
}

/** The APIs that routes can be declared in: Istio's own, or the Kubernetes Gateway API. */
export const IngressApi = { Istio: "istio", Gateway: "gateway" } as const;

/** One of {@link IngressApi}. */
export type IngressApi = (typeof IngressApi)[keyof typeof IngressApi];

/** Args of {@link IngressRoutes}. */
export interface IngressRoutesArgs {
  /**
   * Namespace of the routes, of Services where a route names no other, and of Istio's Gateway. An HTTPRoute is in the
   * namespace of its Service.
   */
  namespace: pulumi.Input<string>;
  /**
   * `istio` declares Istio's Gateway and VirtualService; `gateway` Gateway and HTTPRoutes of the Kubernetes Gateway
   * API, whose definitions the cluster has to have. Default `istio`.
   */
  api?: IngressApi;
  /**
   * Value of the label `istio` that the gateway's pods carry; what Istio's Gateway selects. Default `ingressgateway`.
   */
  gatewayLabel?: pulumi.Input<string>;
  /** Namespace of the gateway's pods; the Gateway of the Gateway API goes there. Default `istio-ingress`. */
  gatewayNamespace?: pulumi.Input<string>;
  /**
   * Name of the gateway's Service, by which the Gateway of the Gateway API finds its pods. Default
   * `istio-ingressgateway`.
   */
  gatewayService?: pulumi.Input<string>;
  /** The routes, each path once. */
  routes: IngressRoute[];
  /** Hosts that are served. Default `*`: any. */
  hosts?: string[];
  /**
   * Name of a `kubernetes.io/tls` Secret in the namespace of the gateway's pods.
   * With it HTTPS is served on 443, and HTTP answers with a redirect. Default: HTTP alone.
   */
  tlsSecret?: pulumi.Input<string>;
  /** Port at which clients reach HTTPS; the redirect names it. Default 443. */
  httpsPort?: number;
}

/** The port of HTTPS that need not be named in a URL. */
const defaultHttpsPort = 443;

/**
 * A prefix match of Envoy compares letters, so that `/user` would catch `/users` too. Two alternatives say what is
 * meant: the path itself, or anything below it.
 */
export function matchPathSegment(path: string): HttpMatchRequest[] {
  return path === "/" ? [{ uri: { prefix: "/" } }] : [{ uri: { exact: path } }, { uri: { prefix: `${path}/` } }];
}

/** @returns the routes, longest path first: the first match wins, and `/user/admin` must be asked before `/user`. */
export function longestPathFirst<T extends { path: string }>(routes: readonly T[]): T[] {
  return [...routes].sort((a, b) => b.path.length - a.path.length || (a.path < b.path ? -1 : 1));
}

/** @returns the Gateway's servers: HTTP, or HTTPS and a redirect to it, unless {@link httpsRedirect} is that. */
export function gatewayServers(
  hosts: string[],
  tlsSecret?: pulumi.Input<string>,
  httpsPort = defaultHttpsPort,
): GatewayServer[] {
  const http: GatewayServer = { port: { number: 80, name: "http", protocol: "HTTP" }, hosts };
  if (tlsSecret === undefined) {
    return [http];
  }
  return [
    httpsPort === defaultHttpsPort ? { ...http, tls: { httpsRedirect: true } } : http,
    {
      port: { number: 443, name: "https", protocol: "HTTPS" },
      hosts,
      tls: { mode: "SIMPLE", credentialName: tlsSecret, minProtocolVersion: "TLSV1_2" },
    },
  ];
}

/**
 * @returns the rule that sends plain HTTP to HTTPS on another port than 443: a Gateway's own redirect knows no port.
 */
export function httpsRedirect(httpsPort: number): HttpRoute {
  return {
    name: "https-redirect",
    match: [{ port: 80 }],
    redirect: { scheme: "https", port: httpsPort, redirectCode: 301 },
  };
}

/** @returns the listeners of a Gateway of the Gateway API: one for each host and port, open to the routes of namespaces. */
function gatewayListeners(
  namespaces: pulumi.Input<string>[],
  hosts: string[],
  tlsSecret?: pulumi.Input<string>,
): Listener[] {
  const values = pulumi.all(namespaces).apply((all) => [...new Set(all)]);
  const selector = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] };
  const allowedRoutes: Listener["allowedRoutes"] = { namespaces: { from: "Selector", selector } };
  const ofHosts = (listener: Listener): Listener[] =>
    hosts.map((host, i) => ({
      ...listener,
      name: i === 0 ? listener.name : `${listener.name}-${i + 1}`,
      ...(host !== "*" && { hostname: host }),
      allowedRoutes,
    }));
  return [
    ...ofHosts({ name: "http", port: 80, protocol: "HTTP" }),
    ...(tlsSecret === undefined
      ? []
      : ofHosts({
          name: "https",
          port: 443,
          protocol: "HTTPS",
          tls: { mode: "Terminate", certificateRefs: [{ name: tlsSecret }] },
        })),
  ];
}

/** @returns the name of the HTTPRoute of a path. `name` is that of the {@link IngressRoutes}. */
export function httpRouteName(name: string, path: string): string {
  return `${name}-${nameOfPath(path)}`;
}

/** @returns the path as a DNS label, with a hash where letters had to go. */
function nameOfPath(path: string): string {
  const plain = path.slice(1);
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(plain)) {
    return plain;
  }
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 6);
  const words = path
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return [words.join("-").slice(0, 40).replace(/-$/, "") || "root", hash].join("-");
}

/** @returns the name of the VirtualService that {@link IngressRoutes} of this name declares. */
export function virtualServiceName(routes: string): string {
  return `${routes}-vs`;
}

/**
 * What comes in through the ingress gateway, and where it goes: Gateway and VirtualService, or Gateway and HTTPRoutes.
 */
export class IngressRoutes extends pulumi.ComponentResource {
  /** Name of the VirtualService, known once the routes exist; undefined where HTTPRoutes take its place. */
  readonly virtualService?: pulumi.Output<string>;

  constructor(name: string, args: IngressRoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:IngressRoutes", name, {}, opts);
    validate(args, this);
    if (args.api === "gateway") {
      this.declareHttpRoutes(name, args);
    } else {
      this.virtualService = this.declareVirtualService(name, args).metadata.name;
    }
    this.registerOutputs({ virtualService: this.virtualService });
  }

  /** Declares Gateway `demo-gateway` and VirtualService `demo-vs`. */
  private declareVirtualService(name: string, args: IngressRoutesArgs): VirtualService {
    const { hosts = ["*"], httpsPort = defaultHttpsPort } = args;
    const redirects = args.tlsSecret !== undefined && httpsPort !== defaultHttpsPort ? [httpsRedirect(httpsPort)] : [];
    const gateway = new Gateway(
      `${name}-gateway`,
      {
        metadata: { name: `${name}-gateway`, namespace: args.namespace },
        spec: {
          selector: { istio: args.gatewayLabel ?? ingressGateway },
          servers: gatewayServers(hosts, args.tlsSecret, httpsPort),
        },
      },
      { parent: this },
    );
    return new VirtualService(
      virtualServiceName(name),
      {
        metadata: { name: virtualServiceName(name), namespace: args.namespace },
        spec: {
          hosts,
          gateways: [pulumi.interpolate`${args.namespace}/${gateway.metadata.name}`],
          http: [
            ...redirects,
            ...longestPathFirst(args.routes).flatMap((route) =>
              httpRoutes(route, route, route.path, matchPathSegment(route.path)),
            ),
          ],
        },
      },
      { parent: this },
    );
  }

  /**
   * Declares Gateway `demo-gateway` beside the gateway's Service, for whose pods it is, and HTTPRoute `demo-user` for
   * the path `/user`.
   */
  private declareHttpRoutes(name: string, args: IngressRoutesArgs): void {
    const { hosts = ["*"], tlsSecret, httpsPort = defaultHttpsPort } = args;
    // A route beside its Service needs no ReferenceGrant.
    const namespaceOf = (route: IngressRoute) => route.serviceNamespace ?? args.namespace;
    const gateway = new KubernetesGateway(
      `${name}-gateway`,
      {
        metadata: { name: `${name}-gateway`, namespace: args.gatewayNamespace ?? istioNamespaces.gateway },
        spec: {
          gatewayClassName: "istio",
          addresses: [{ type: "Hostname", value: args.gatewayService ?? gatewayName(ingressGateway) }],
          listeners: gatewayListeners([args.namespace, ...args.routes.map(namespaceOf)], hosts, tlsSecret),
        },
      },
      { parent: this },
    );
    const declare = (routeName: string, namespace: pulumi.Input<string>, port: number, rules: RouteRule[]) => {
      const { metadata } = gateway;
      const spec: HttpRouteArgs["spec"] = {
        parentRefs: [{ name: metadata.name, namespace: metadata.namespace, port }],
        ...(!hosts.includes("*") && { hostnames: hosts }),
        rules,
      };
      new KubernetesHttpRoute(routeName, { metadata: { name: routeName, namespace }, spec }, { parent: this });
    };
    if (tlsSecret !== undefined) {
      // Without a port in it, Location is of the scheme's own.
      const port = httpsPort === defaultHttpsPort ? {} : { port: httpsPort };
      const requestRedirect = { scheme: "https", ...port, statusCode: 301 } as const;
      declare(`${name}-https.redirect`, args.namespace, 80, [
        { filters: [{ type: "RequestRedirect", requestRedirect }] },
      ]);
    }
    for (const route of args.routes) {
      const full = httpRouteName(name, route.path);
      const port = tlsSecret === undefined ? 80 : 443;
      declare(full, namespaceOf(route), port, routeRules(route, route, route.path, full));
    }
  }
}

function validate(args: IngressRoutesArgs, resource: pulumi.Resource): void {
  const check = new ArgsCheck("IngressRoutes").requireOneOf("api", args.api, IngressApi);
  check.require(args.routes.length > 0, "routes", args.routes, "declare at least one route");
  check.require(
    args.httpsPort === undefined || isPort(args.httpsPort),
    "httpsPort",
    args.httpsPort,
    "use a whole number from 1 to 65535",
  );
  const seen = new Set<string>();
  args.routes.forEach((route, i) => {
    check.require(
      /^\/([^\s/?#]+(\/[^\s/?#]+)*)?$/.test(route.path),
      `routes[${i}].path`,
      route.path,
      "start with / and leave out a / at the end, ? and #",
    );
    check.require(
      !seen.has(route.path),
      `routes[${i}].path`,
      route.path,
      "another route has this path; give each its own",
    );
    check.require(isPort(route.port), `routes[${i}].port`, route.port, "use a whole number from 1 to 65535");
    checkRouteSettings(check, route, `routes[${i}].`);
    for (const { field, value, fix } of args.api === "gateway" ? beyondHttpRoute(route) : []) {
      check.require(false, `routes[${i}].${field}`, value, `${fix}, or use the api istio`);
    }
    seen.add(route.path);
  });
  check.done(resource);
}
