import type * as pulumi from "@pulumi/pulumi";
import { serviceHost } from "./hosts";
import { Sidecar } from "./istioApi/sidecar";
import { ArgsCheck } from "./validation";

/** What a {@link declareProxyScope | scope} is for, and holds. */
export interface ProxyScopeArgs {
  /** Namespace of the workload. */
  namespace: pulumi.Input<string>;
  /** Value of the label `app` of the workload's pods. Default: all of the namespace that have no scope of their own. */
  app?: string;
  /** What the workload may call, as {@link knownHost} writes it. */
  hosts: pulumi.Input<string>[];
}

/**
 * `NAMESPACE/HOST`: `.` is the own namespace, `*` any; the host may begin with `*.`, or be `*` for all of a namespace.
 */
const hostPattern =
  /^(\*|\.|[a-z0-9]([-a-z0-9]*[a-z0-9])?)\/(\*|(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/;

/** @returns true if `value` names hosts as Istio's Sidecar takes them. */
export function isKnownHost(value: string): boolean {
  return hostPattern.test(value);
}

/** @returns the Service `name` of `namespace`, as a Sidecar names it. */
export function knownHost(namespace: string, name: string): string {
  return `${namespace}/${serviceHost(name, namespace)}`;
}

/**
 * Declares what the sidecars of a workload know of the mesh. Without it each knows every Service of every namespace: it
 * holds configuration for all of them, and gets a push whenever one changes. What is outside of the scope is not
 * forbidden but unknown: requests go there as to any host outside the mesh, in plain text, or not at all with
 * `REGISTRY_ONLY`.
 *
 * No component of its own, for each service has one of these.
 * @param opts With the parent that it belongs to; let it depend on the control plane.
 * @throws pulumi.ResourceError naming every mistake in the args.
 */
export function declareProxyScope(
  name: string,
  { namespace, app, hosts }: ProxyScopeArgs,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Sidecar {
  const check = new ArgsCheck("ProxyScope");
  if (app !== undefined) {
    check.requireDnsLabel("app", app);
  }
  check.require(hosts.length > 0, "hosts", hosts, "name at least one; of nothing a proxy has no use");
  hosts.forEach((host, i) =>
    check.require(
      typeof host !== "string" || isKnownHost(host),
      `hosts[${i}]`,
      host,
      "use NAMESPACE/HOST, for example shop/cart.shop.svc.cluster.local",
    ),
  );
  check.done(opts.parent);

  return new Sidecar(
    `${name}-scope`,
    {
      // Istio takes a Sidecar without a selector for the namespace's own, whatever its name; by custom it is called
      // default.
      metadata: { name: app ?? "default", namespace },
      spec: { ...(app !== undefined && { workloadSelector: { labels: { app } } }), egress: [{ hosts }] },
    },
    opts,
  );
}
