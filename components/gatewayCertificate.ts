import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { isIP } from "node:net";
import { selfSigned, validFrom } from "./selfSigned";
import type { KeyPair } from "./selfSigned";
import { ArgsCheck } from "./validation";

/** An issuer of cert-manager, which is installed in the cluster already. */
export interface CertificateIssuer {
  /** `Issuer` is looked for in the namespace of the gateway, `ClusterIssuer` in the whole cluster. */
  kind: "Issuer" | "ClusterIssuer";
  name: string;
}

/** Args of {@link GatewayCertificate}. */
export interface GatewayCertificateArgs {
  /** Namespace of the gateway's pods: they read the Secret from there. */
  namespace: pulumi.Input<string>;
  /** Name of the Secret. */
  secretName: string;
  /** DNS names, which may start with `*.`, and IP addresses that the certificate is for. */
  hosts: string[];
  /** Issuer that makes and renews the certificate. Default: none, it is self-signed. */
  issuer?: CertificateIssuer;
  /** Time of the run. Default: now. */
  now?: Date;
}

/**
 * @returns what a self-signed certificate is kept under: another text for other hosts, and in each half of a year, so
 * that a certificate of a year is renewed by any `pulumi up` in its second half.
 */
export function selfSignedKey(hosts: readonly string[], now: Date): string {
  const half = `${now.getUTCFullYear()}-${now.getUTCMonth() < 6 ? 1 : 2}`;
  return `${half}-${createHash("sha256").update(hosts.join("\n")).digest("hex").slice(0, 8)}`;
}

/**
 * The gateway's certificate, as a Secret. With an issuer it is a Certificate of cert-manager, which makes the Secret
 * and renews it. Without one it is self-signed: clients have to trust it on sight. Key and certificate are made once
 * and kept in the stack's state, encrypted, until the hosts change or half a year has passed.
 */
export class GatewayCertificate extends pulumi.ComponentResource {
  /**
   * Name of the Secret. A self-signed one is there then; an issuer's comes when it is issued, and the gateway waits for
   * it.
   */
  readonly secretName: pulumi.Output<string>;

  constructor(name: string, args: GatewayCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:GatewayCertificate", name, {}, opts);
    new ArgsCheck("GatewayCertificate")
      .require(args.hosts.length > 0, "hosts", args.hosts, "name at least one host or address")
      .done(this);

    this.secretName = args.issuer ? this.declareIssued(name, args, args.issuer) : this.declareSelfSigned(name, args);
    this.registerOutputs({ secretName: this.secretName });
  }

  private declareIssued(name: string, args: GatewayCertificateArgs, issuer: CertificateIssuer): pulumi.Output<string> {
    const { hosts, namespace, secretName } = args;
    const addresses = hosts.filter((host) => isIP(host) > 0);
    const names = hosts.filter((host) => isIP(host) === 0);
    const certificate = new k8s.apiextensions.CustomResource(
      `${name}-certificate`,
      {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name: secretName, namespace },
        spec: {
          secretName,
          issuerRef: { group: "cert-manager.io", ...issuer },
          ...(names.length > 0 && { dnsNames: names }),
          ...(addresses.length > 0 && { ipAddresses: addresses }),
          privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
          usages: ["digital signature", "server auth"],
        },
      },
      { parent: this },
    );
    return certificate.metadata.apply(() => secretName);
  }

  private declareSelfSigned(name: string, args: GatewayCertificateArgs): pulumi.Output<string> {
    const { hosts, namespace, now = new Date(), secretName } = args;
    // Each run makes a pair, and the one of the first run stays: the engine keeps a stash's output as it was.
    const stash = new pulumi.Stash(
      `${name}-pair-${selfSignedKey(hosts, now)}`,
      { input: pulumi.secret(selfSigned(hosts, validFrom(now))) },
      { parent: this, ignoreChanges: ["input"] },
    );
    const pair = stash.output as pulumi.Output<KeyPair>;
    return new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name: secretName, namespace },
        type: "kubernetes.io/tls",
        stringData: pulumi.secret({ "tls.crt": pair.certificate, "tls.key": pair.privateKey }),
      },
      { parent: this },
    ).metadata.name;
  }
}
