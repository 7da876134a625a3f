import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { selfSigned } from "./selfSigned";
import { ArgsCheck } from "./validation";

/** Args of {@link GatewayCertificate}. */
export interface GatewayCertificateArgs {
  /** Namespace of the gateway's pods: they read the Secret from there. */
  namespace: pulumi.Input<string>;
  /** Name of the Secret. */
  secretName: string;
  /** DNS names, which may start with `*.`, and IPv4 addresses that the certificate is for. */
  hosts: string[];
}

/**
 * A self-signed certificate for the gateway, as a Secret. Its seed is made once and kept in the stack's state, so that the certificate
 * stays the same until its hosts change. Whoever connects has to trust it on sight; where that matters, give a Secret of your own.
 */
export class GatewayCertificate extends pulumi.ComponentResource {
  /** Name of the Secret, known once it exists. */
  readonly secretName: pulumi.Output<string>;

  constructor(name: string, args: GatewayCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:GatewayCertificate", name, {}, opts);
    new ArgsCheck("GatewayCertificate")
      .require(args.hosts.length > 0, "hosts", args.hosts, "name at least one host or address")
      .done(this);

    const seed = new random.RandomBytes(`${name}-seed`, { length: 32 }, { parent: this });
    const pair = pulumi.secret(seed.base64.apply((base64) => selfSigned(Buffer.from(base64, "base64"), args.hosts)));
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name: args.secretName, namespace: args.namespace },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": pair.certificate, "tls.key": pair.privateKey },
      },
      { parent: this },
    );

    this.secretName = secret.metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }
}
