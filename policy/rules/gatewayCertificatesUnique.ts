import { fullName } from "../mesh/resource";
import { selects } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

interface Tls {
  credentialName?: string;
  serverCertificate?: string;
  privateKey?: string;
}

/** What names the certificate of a server; undefined where none is named. */
function certificate({ credentialName, serverCertificate, privateKey }: Tls): string | undefined {
  return credentialName || (serverCertificate && privateKey ? `${serverCertificate} ${privateKey}` : undefined);
}

/** A certificate belongs to one Gateway. */
export const gatewayCertificatesUnique = rule({
  name: "gateway-certificates-unique",
  description: "Gateways of the same workload do not share a certificate.",
  rationale:
    "Browsers reuse an HTTP/2 connection for every host that its certificate covers. The connection stays with the first " +
    "Gateway, which answers 404 for the other's hosts.",
  fix: "Put the hosts that share a certificate into one Gateway.",
  level: "mandatory",
  codes: ["IST0138"],
  source: analysis("IST0138"),
  check({ mesh, each, report }) {
    const users = new Map<string, typeof mesh.gateways>();
    const servers = (gateway: (typeof mesh.gateways)[number]) =>
      (gateway.fields.spec?.servers ?? []).map(({ tls }) => (tls === undefined ? undefined : certificate(tls)));
    each(mesh.gateways, (gateway) => {
      for (const used of new Set(servers(gateway))) {
        if (used !== undefined) {
          users.set(used, [...(users.get(used) ?? []), gateway]);
        }
      }
    });
    each(mesh.gateways, (gateway) => {
      servers(gateway).forEach((used, i) => {
        const others =
          used === undefined
            ? []
            : (users.get(used) ?? []).filter(
                (other) =>
                  other !== gateway && selects(gateway.fields.spec?.selector, other.fields.spec?.selector ?? {}),
              );
        if (others.length > 0) {
          report(gateway, {
            field: `spec.servers[${i}].tls`,
            message: `The certificate ${used} is also that of ${others.map(fullName).join(", ")}: clients that reuse a connection get 404.`,
            fix: "Merge the servers that share it into one Gateway.",
          });
        }
      });
    });
  },
});
