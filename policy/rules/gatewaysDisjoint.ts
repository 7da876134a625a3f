import type { Mesh } from "../mesh/mesh";
import { fullName, type Resource } from "../mesh/resource";
import { selects, selectorText } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

type Selector = Record<string, string> | undefined;

/** Whether two selectors can take one workload: they are the same, or some declared pod carries the labels of both. */
function overlap(mesh: Mesh, a: Selector, b: Selector): boolean {
  return (
    selectorText(a) === selectorText(b) ||
    mesh.selectedBy(a).some(({ labels, assumed }) => !assumed && selects(b, labels))
  );
}

/** No two Gateways open one host on one port of one workload. */
export const gatewaysDisjoint = rule({
  name: "gateways-disjoint",
  description: "No two Gateways open the same host on the same port of the same workload.",
  rationale: "Only one of them is served, and which one depends on their age; the other's TLS settings are dropped.",
  fix: "Merge the Gateways, or give them different hosts, ports or selectors.",
  level: "mandatory",
  codes: ["IST0145", "KIA0301"],
  source: analysis("IST0145"),
  check({ mesh, each, report }) {
    interface Opening {
      gateway: Resource<"Gateway">;
      bind: string;
    }
    const byHost = new Map<string, Opening[]>();
    const key = (number: number | undefined, host: string): string => `${number ?? 0} ${host}`;
    each(mesh.gateways, (gateway) => {
      // Of a gateway's servers on one port the last one's hosts stand for it, as they do where Istio merges them.
      const servers = gateway.fields.spec?.servers ?? [];
      servers.forEach(({ port, hosts = [], bind = "" }, i) => {
        if (!servers.slice(i + 1).some((later) => later.port?.number === port?.number)) {
          for (const host of hosts) {
            const of = key(port?.number, host);
            byHost.set(of, [...(byHost.get(of) ?? []), { gateway, bind }]);
          }
        }
      });
    });
    each(mesh.gateways, (gateway) => {
      const { selector, servers = [] } = gateway.fields.spec ?? {};
      servers.forEach(({ port, hosts = [], bind = "" }, i) => {
        const others = new Set<string>();
        const shared = hosts.filter((host) => {
          const rivals = (byHost.get(key(port?.number, host)) ?? []).filter(
            (other) =>
              other.gateway !== gateway &&
              other.bind === bind &&
              overlap(mesh, selector, other.gateway.fields.spec?.selector),
          );
          rivals.forEach((rival) => others.add(fullName(rival.gateway)));
          return rivals.length > 0;
        });
        if (shared.length > 0) {
          report(gateway, {
            field: `spec.servers[${i}]`,
            message: `It opens ${shared.join(", ")} on port ${port?.number}, as ${[...others].join(", ")} does for the same workload.`,
            fix: "Merge them into one Gateway, or give them different hosts or ports.",
          });
        }
      });
    });
  },
});
