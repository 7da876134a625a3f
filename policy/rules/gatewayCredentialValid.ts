import { X509Certificate } from "node:crypto";
import type { Resource } from "../mesh/resource";
import { rule } from "../rule";
import { analysis } from "../sources";

/** A value of a Secret, whichever way it is written. */
function secretValue(secret: Resource<"Secret">, key: string): string | undefined {
  const { data, stringData } = secret.fields as {
    data?: Record<string, unknown>;
    stringData?: Record<string, unknown>;
  };
  const encoded = data?.[key];
  const plain = stringData?.[key];
  return typeof plain === "string"
    ? plain
    : typeof encoded === "string"
      ? Buffer.from(encoded, "base64").toString()
      : undefined;
}

/** Why a Secret is no good as a gateway's certificate. */
function flaw(secret: Resource<"Secret">): string | undefined {
  const certificate = secretValue(secret, "tls.crt") ?? secretValue(secret, "cert");
  const key = secretValue(secret, "tls.key") ?? secretValue(secret, "key");
  if (!certificate || !key) {
    return `it lacks ${certificate ? "tls.key" : "tls.crt"}`;
  }
  try {
    const { validTo } = new X509Certificate(certificate);
    return new Date(validTo).getTime() < Date.now() ? `its certificate expired on ${validTo}` : undefined;
  } catch {
    return "its tls.crt is no certificate";
  }
}

/** Gateways have the certificates that they name. */
export const gatewayCredentialValid = rule({
  name: "gateway-credential-valid",
  description:
    "The Secret that a Gateway's server names is in the gateway workload's namespace and holds a valid certificate.",
  rationale: "The server does not come up without its certificate: clients see a reset connection.",
  fix: "Put a Secret with `tls.crt` and `tls.key` into the namespace of the gateway's pods.",
  level: "mandatory",
  codes: ["IST0101", "IST0161"],
  source: analysis("IST0161"),
  check({ mesh, each, report, missing }) {
    const secrets = mesh.of("Secret");
    each(mesh.gateways, (gateway) => {
      const [workload] = mesh.selectedBy(gateway.fields.spec?.selector);
      gateway.fields.spec?.servers?.forEach(({ tls }, i) => {
        const credential = tls?.credentialName;
        if (!credential || workload === undefined) {
          return;
        }
        const field = `spec.servers[${i}].tls.credentialName`;
        const slash = credential.indexOf("/");
        const namespace = slash < 0 ? workload.namespace : credential.slice(0, slash);
        const secret = mesh.find("Secret", "", namespace, credential.slice(slash + 1)) as
          Resource<"Secret"> | undefined;
        if (secret === undefined) {
          missing(secrets.length > 0, gateway, {
            field,
            message: `The Secret ${credential} is not declared in namespace ${namespace}, where the gateway's pods are.`,
            fix: "Declare it there.",
          });
          return;
        }
        const wrong = flaw(secret);
        if (wrong !== undefined) {
          report(gateway, {
            field,
            message: `The Secret ${credential} cannot serve: ${wrong}.`,
            fix: "Renew it.",
            code: "IST0161",
          });
        }
      });
    });
  },
});
