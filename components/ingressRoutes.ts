import * as pulumi from "@pulumi/pulumi";
import type { GatewayServer } from "./istioApi/gateway";
import { Gateway } from "./istioApi/gateway";
import type { HttpMatchRequest, HttpRoute } from "./istioApi/virtualService";
import { VirtualService } from "./istioApi/virtualService";
import { httpRoutes } from "./serviceRoute";
import type { RouteSettings, RouteTarget } from "./serviceRoute";
import { checkRouteSettings } from "./serviceRouteCheck";
import { ArgsCheck, isPort } from "./validation";

/** A path on the gateway, the Service behind it, and how requests get there. */
export interface IngressRoute extends RouteTarget, RouteSettings {
  /** First segments of the path, for example `/user`. It matches `/user` and `/user/x`, not `/users`. */
  path: string;
}

/** Args of {@link IngressRoutes}. */
export interface IngressRoutesArgs {
  /** Namespace of Gateway, VirtualService and the Services. */
  namespace: pulumi.Input<string>;
  /** Value of the label `istio` that the gateway's pods carry. Default `ingressgateway`. */
  gatewayLabel?: pulumi.Input<string>;
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
 * A prefix match of Envoy compares letters, so that `/user` would catch `/users` too. Two alternatives say what is meant:
 * the path itself, or anything below it.
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

/** @returns the rule that sends plain HTTP to HTTPS on another port than 443: a Gateway's own redirect knows no port. */
export function httpsRedirect(httpsPort: number): HttpRoute {
  return {
    name: "https-redirect",
    match: [{ port: 80 }],
    redirect: { scheme: "https", port: httpsPort, redirectCode: 301 },
  };
}

/** Gateway `demo-gateway` and VirtualService `demo-vs`: what comes in through the ingress gateway, and where it goes. */
export class IngressRoutes extends pulumi.ComponentResource {
  /** Name of the VirtualService, known once the routes exist. */
  readonly virtualService: pulumi.Output<string>;

  constructor(name: string, args: IngressRoutesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:IngressRoutes", name, {}, opts);
    validate(args, this);

    const { hosts = ["*"], httpsPort = defaultHttpsPort } = args;
    const redirects = args.tlsSecret !== undefined && httpsPort !== defaultHttpsPort ? [httpsRedirect(httpsPort)] : [];
    const gateway = new Gateway(
      `${name}-gateway`,
      {
        metadata: { name: `${name}-gateway`, namespace: args.namespace },
        spec: {
          selector: { istio: args.gatewayLabel ?? "ingressgateway" },
          servers: gatewayServers(hosts, args.tlsSecret, httpsPort),
        },
      },
      { parent: this },
    );
    const virtualService = new VirtualService(
      `${name}-vs`,
      {
        metadata: { name: `${name}-vs`, namespace: args.namespace },
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

    this.virtualService = virtualService.metadata.name;
    this.registerOutputs({ virtualService: this.virtualService });
  }
}

function validate(args: IngressRoutesArgs, resource: pulumi.Resource): void {
  const check = new ArgsCheck("IngressRoutes");
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
    seen.add(route.path);
  });
  check.done(resource);
}
