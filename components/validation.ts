import * as pulumi from "@pulumi/pulumi";

/**
 * An object that Kubernetes or Istio knows the fields of. Pulumi's schema has `any` for it: it knows neither `unknown`
 * nor the unions of Kubernetes' own types.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyObject = Record<string, any>;

/** RFC 1123 label: what Kubernetes accepts as the name of a Namespace or a Service. */
const dnsLabel = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * @returns true if `value` can name a Kubernetes Service: a letter first, lower case, digits and dashes, at most 63
 * characters.
 */
export function isDnsLabel(value: string): boolean {
  return dnsLabel.test(value);
}

/**
 * @returns true if `value` can name a Secret, and most other objects: an RFC 1123 subdomain of at most 253 characters.
 */
export function isDnsSubdomain(value: string): boolean {
  return value.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value);
}

/**
 * @returns true if `value` can be the key of an annotation or a label: a name of at most 63 characters, with or without
 * a DNS subdomain and a slash before it.
 */
export function isQualifiedName(value: string): boolean {
  const [name = "", prefix, ...rest] = value.split("/").reverse();
  return (
    rest.length === 0 &&
    (prefix === undefined || isDnsSubdomain(prefix)) &&
    name.length <= 63 &&
    /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)
  );
}

/** @returns true if `value` is a whole number that a TCP port can have. */
export function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

/** Namespaces that every cluster has. To label one for injection, or to refuse plain text there, breaks the cluster. */
export const clusterNamespaces: readonly string[] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/**
 * Collects what is wrong with a component's args, so that one error names all of it before any child exists.
 * Values that are still outputs can't be judged yet; those are left to the API server.
 */
export class ArgsCheck {
  private readonly problems: string[] = [];

  constructor(private readonly type: string) {}

  /**
   * Notes a problem unless `ok`.
   * @param field Name of the args field, for example `port`.
   * @param value What the field holds; shown as JSON.
   * @param fix What to write instead.
   */
  require(ok: boolean, field: string, value: unknown, fix: string): this {
    if (!ok) {
      this.problems.push(`${field} is ${JSON.stringify(value) ?? "missing"}: ${fix}`);
    }
    return this;
  }

  /** Like {@link require} with the rule of {@link isDnsLabel}; outputs pass. */
  requireDnsLabel(field: string, value: pulumi.Input<string>): this {
    return typeof value === "string"
      ? this.require(
          isDnsLabel(value),
          field,
          value,
          "use a DNS label: a-z first, then a-z, 0-9 and -, at most 63 characters",
        )
      : this;
  }

  /** Like {@link requireDnsLabel}, for a Namespace that is made: it is none of {@link clusterNamespaces}. */
  requireOwnNamespace(field: string, value: pulumi.Input<string>): this {
    const isCluster = typeof value === "string" && clusterNamespaces.includes(value);
    return this.requireDnsLabel(field, value).require(
      !isCluster,
      field,
      value,
      "every cluster has this namespace; use one of your own",
    );
  }

  /**
   * Like {@link require}: the value, where there is one, is one of `allowed`. Programs in other languages than
   * TypeScript can give any.
   */
  requireOneOf(field: string, value: string | undefined, allowed: Readonly<Record<string, string>>): this {
    const values = Object.values(allowed);
    return this.require(value === undefined || values.includes(value), field, value, `use one of ${values.join(", ")}`);
  }

  /**
   * Ends the check.
   * @throws pulumi.ResourceError naming every problem that was noted.
   */
  done(resource: pulumi.Resource): void {
    if (this.problems.length > 0) {
      throw new pulumi.ResourceError(`invalid args of ${this.type}: ${this.problems.join("; ")}`, resource);
    }
  }
}
