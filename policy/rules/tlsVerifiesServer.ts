import { rule } from "../rule";
import { analysis } from "../sources";

/** Clients that speak TLS check whom they speak to. */
export const tlsVerifiesServer = rule({
  name: "tls-verifies-server",
  description: "A DestinationRule with TLS mode SIMPLE or MUTUAL names the CA certificates that verify the server.",
  rationale: "Without caCertificates the sidecar takes any certificate: the traffic is encrypted, for whoever answers.",
  fix: "Set `caCertificates`, or `credentialName` together with a workloadSelector.",
  level: "mandatory",
  codes: ["IST0128", "IST0129"],
  source: analysis("IST0128"),
  check({ mesh, each, report }) {
    each(mesh.destinationRules, (rule) => {
      const { host, trafficPolicy, workloadSelector } = rule.fields.spec ?? {};
      const check = (tls: NonNullable<typeof trafficPolicy>["tls"], field: string, code: string): void => {
        const { mode, caCertificates, credentialName } = tls ?? {};
        const verified = caCertificates || (credentialName && workloadSelector !== undefined);
        if ((mode === "SIMPLE" || mode === "MUTUAL") && !verified) {
          report(rule, {
            field,
            message: `TLS mode ${mode} to ${host} without caCertificates takes any server's certificate.`,
            fix: "Set caCertificates, such as /etc/ssl/certs/ca-certificates.crt.",
            code,
          });
        }
      };
      check(trafficPolicy?.tls, "spec.trafficPolicy.tls", "IST0128");
      trafficPolicy?.portLevelSettings?.forEach(({ tls }, i) =>
        check(tls, `spec.trafficPolicy.portLevelSettings[${i}].tls`, "IST0129"),
      );
    });
  },
});
