import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { isIP } from "node:net";
import type * as X509 from "@peculiar/x509";

const requireLate = createRequire(__filename);

/** A certificate and its key, both PEM. */
export interface KeyPair {
  certificate: string;
  privateKey: string;
}

/** From when until when a certificate is valid. */
export interface Validity {
  from: Date;
  until: Date;
}

const dayMs = 24 * 60 * 60 * 1000;

/** How long a self-signed certificate is valid, in days. */
const lifetimeDays = 365;

/** Clocks of clients may be behind, in milliseconds. */
const clockSkewMs = 60 * 60 * 1000;

/** @returns a validity of {@link lifetimeDays} from now on. */
export function validFrom(now: Date): Validity {
  return { from: new Date(now.getTime() - clockSkewMs), until: new Date(now.getTime() + lifetimeDays * dayMs) };
}

/**
 * Makes a key (ECDSA, P-256) and a self-signed certificate for a server. Each call gives another pair.
 * @param hosts DNS names, which may start with `*.`, and IP addresses; at least one.
 * @param validity Default: a year from now on.
 */
export async function selfSigned(hosts: readonly string[], validity = validFrom(new Date())): Promise<KeyPair> {
  const [first] = hosts;
  if (first === undefined) {
    throw new Error("a self-signed certificate takes at least one host");
  }
  // Most stacks have no certificate of their own, and need not load the library. It asks for this polyfill first.
  requireLate("reflect-metadata");
  const x509 = requireLate("@peculiar/x509") as typeof X509;
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A common name has 64 characters at most; clients look at the alternative names anyway.
    name: [{ O: ["sidecar-mesh, self-signed"] }, { CN: [first.slice(0, 64)] }],
    notBefore: validity.from,
    notAfter: validity.until,
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) > 0 ? "ip" : "dns", value }))),
    ],
  });
  const privateKey = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: certificate.toString("pem") + "\n",
    privateKey: x509.PemConverter.encode(privateKey, "PRIVATE KEY") + "\n",
  };
}
