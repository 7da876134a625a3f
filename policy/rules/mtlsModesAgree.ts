import { fqdn } from "../mesh/hosts";
import { namespaceMode, workloadMode, type MutualTls } from "../mesh/peerAuthentication";
import { rule } from "../rule";
import { peerAuthentication } from "../sources";

/** What clients send is what servers take. */
export const mtlsModesAgree = rule({
  name: "mtls-modes-agree",
  description: "A DestinationRule's TLS mode is one that the PeerAuthentication of its host accepts.",
  rationale:
    "A client that is told to send plain text is refused by a server in STRICT mode, and one that is told to send mutual " +
    "TLS by a server with mutual TLS disabled: connections are reset, seen as 503 by callers.",
  fix: "Remove the TLS mode from the DestinationRule (Istio then chooses it by itself), or change the PeerAuthentication.",
  level: "mandatory",
  codes: ["KIA0207", "KIA0205", "KIA0206", "KIA0208", "KIA0505", "KIA0506"],
  source: peerAuthentication,
  check({ mesh, each, report }) {
    each(mesh.destinationRules, (rule) => {
      const { host = "", trafficPolicy, subsets = [] } = rule.fields.spec ?? {};
      const full = fqdn(host, rule.namespace);
      const wide = /^\*(?:\.([\w-]+)\.svc\.cluster\.local|\.local|\.cluster\.local|\.svc\.cluster\.local)?$/.exec(full);
      /** The modes of the servers, and whether the rule is for a service, a namespace or the mesh. */
      const servers = (port?: number): MutualTls[] => {
        if (wide !== null) {
          return [namespaceMode(mesh, wide[1] ?? mesh.rootNamespace) ?? []].flat();
        }
        const service = mesh.service(host, rule.namespace);
        return service === undefined
          ? []
          : mesh.behind(service).flatMap((workload) => {
              const ports = service.fields.spec?.ports ?? [];
              const target = ports.find((one) => one.port === port);
              return (
                workloadMode(mesh, workload, target === undefined ? port : Number(target.targetPort) || target.port) ??
                []
              );
            });
      };
      const check = (mode: string | undefined, field: string, port?: number): void => {
        if (mode === undefined) {
          return;
        }
        const encrypts = mode === "ISTIO_MUTUAL";
        const clash = servers(port).find((server) => server.mode === (encrypts ? "DISABLE" : "STRICT"));
        if (clash !== undefined) {
          const scope = wide === null || wide[1] !== undefined;
          report(rule, {
            field,
            message: `Clients of ${host} are told ${mode}, but PeerAuthentication ${clash.policy.namespace}/${clash.policy.name} sets ${clash.mode}: connections are refused.`,
            fix: encrypts
              ? "Allow mutual TLS there, or remove the mode here."
              : "Remove the mode here, or set ISTIO_MUTUAL.",
            code: encrypts ? (scope ? "KIA0206" : "KIA0205") : scope ? "KIA0207" : "KIA0208",
          });
        }
      };
      const policies = [
        { policy: trafficPolicy, field: "spec.trafficPolicy" },
        ...subsets.map((subset, i) => ({ policy: subset.trafficPolicy, field: `spec.subsets[${i}].trafficPolicy` })),
      ];
      for (const { policy, field } of policies) {
        check(policy?.tls?.mode, `${field}.tls.mode`);
        policy?.portLevelSettings?.forEach(({ port, tls }, i) =>
          check(tls?.mode, `${field}.portLevelSettings[${i}].tls.mode`, port?.number),
        );
      }
    });
  },
});
