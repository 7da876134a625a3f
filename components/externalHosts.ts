import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { ServiceEntry } from "./istioApi/serviceEntry";
import type { ServiceEntryProtocol, ServiceEntrySpec } from "./istioApi/serviceEntry";
import { ArgsCheck, isPort } from "./validation";

/** A port of a host outside of the mesh. */
export interface ExternalHost {
  /** Full name in lower case, for example `api.example.com`, or `*.example.com` for all names below. */
  host: string;
  /** Port, 1 to 65535. */
  port: number;
  /** What is spoken there. `HTTPS` and `TLS` pass as the caller encrypted them; `TCP` needs `addresses`. */
  protocol: ServiceEntryProtocol;
  /**
   * IP addresses of the host. Default: what DNS says; of all names below one, the address that the caller connects to.
   */
  addresses?: readonly string[];
}

/** Args of {@link ExternalHosts}. */
export interface ExternalHostsArgs {
  /** Namespace of the services that call them. */
  namespace: pulumi.Input<string>;
  /** The hosts, each port once. */
  hosts: readonly ExternalHost[];
}

/** Longest name: that of its ServiceEntry, which is a bit longer, has to fit as well. */
const longestHost = 240;

const label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const hostPattern = new RegExp(`^(\\*\\.)?${label}(\\.${label})+$`);

/** @returns true for a full host name, or `*.` and one. An address is none. */
export function isExternalHost(value: string): boolean {
  return hostPattern.test(value) && value.length <= longestHost && isIP(value) === 0;
}

/** @returns the name of a host's ServiceEntry; two hosts never have the same. */
export function entryName(host: string): string {
  return host.startsWith("*.") ? `below-${host.slice(2)}` : `host-${host}`;
}

/** @returns a ServiceEntry's spec for each host, with all of its ports and addresses. */
export function serviceEntries(hosts: readonly ExternalHost[]): ServiceEntrySpec[] {
  return [...new Set(hosts.map(({ host }) => host))].map((host) => {
    const own = hosts.filter((one) => one.host === host);
    const addresses = [...new Set(own.flatMap((one) => one.addresses ?? []))];
    return {
      hosts: [host],
      ...(addresses.length > 0 && { addresses }),
      ports: own.map(({ port, protocol }) => ({
        number: port,
        name: `${protocol.toLowerCase()}-${port}`,
        protocol,
      })),
      location: "MESH_EXTERNAL",
      // No resolver knows all names below one: the caller has asked for the one that it wants.
      resolution: addresses.length > 0 ? "STATIC" : host.startsWith("*") ? "NONE" : "DNS",
      ...(addresses.length > 0 && { endpoints: addresses.map((address) => ({ address })) }),
    };
  });
}

/**
 * Hosts outside of the mesh that its proxies know: with `REGISTRY_ONLY` requests go to these, and to no other host
 * outside. They are known in every namespace. Let it depend on the control plane, and pods on it: what they ask for at
 * their start should be let out.
 */
export class ExternalHosts extends pulumi.ComponentResource {
  constructor(name: string, args: ExternalHostsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:ExternalHosts", name, {}, opts);
    validate(args, this);
    for (const spec of serviceEntries(args.hosts)) {
      const entry = entryName(spec.hosts[0]!);
      new ServiceEntry(
        `${name}-${entry}`,
        { metadata: { name: entry, namespace: args.namespace }, spec },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function validate({ hosts }: ExternalHostsArgs, resource: pulumi.Resource): void {
  const check = new ArgsCheck("ExternalHosts").require(
    hosts.length > 0,
    "hosts",
    hosts,
    "name at least one, or leave the component out",
  );
  hosts.forEach(({ host, port, protocol, addresses }, i) => {
    const at = `hosts[${i}]`;
    check
      .require(
        isExternalHost(host),
        `${at}.host`,
        host,
        "use a full host name, such as api.example.com or *.example.com",
      )
      .require(isPort(port), `${at}.port`, port, "use a whole number from 1 to 65535")
      .require(
        protocol !== "TCP" || (addresses ?? []).length > 0,
        `${at}.addresses`,
        addresses,
        "TCP carries no host name; list the host's IP addresses",
      );
    addresses?.forEach((address, j) =>
      check.require(isIP(address) !== 0, `${at}.addresses[${j}]`, address, "use an IP address"),
    );
    check.require(
      hosts.findIndex((other) => other.host === host && other.port === port) === i,
      at,
      `${host}:${port}`,
      "it is there already; name each port of a host once",
    );
  });
  check.done(resource);
}
