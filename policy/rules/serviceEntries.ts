/** ServiceEntries. */
import { exportScopes } from "../mesh/hosts";
import { fullName, type Resource } from "../mesh/resource";
import { rule } from "../rule";

export const serviceEntryAddresses = rule({
  name: "service-entry-addresses",
  description: "A ServiceEntry with a TCP port has addresses, or they are allocated by Istio.",
  rationale:
    "TCP carries no host name. Without an address the sidecar takes every connection to the port for this host.",
  fix: "Set `addresses`, or switch on DNS capture with address allocation in the mesh configuration.",
  codes: ["IST0134"],
  check({ mesh, each, report }) {
    const { proxyMetadata = {} } = (mesh.meshConfig["defaultConfig"] ?? {}) as {
      proxyMetadata?: Record<string, unknown>;
    };
    const on = (key: string): boolean => String(proxyMetadata[key]) === "true";
    if (on("ISTIO_META_DNS_CAPTURE") && (on("ISTIO_META_DNS_AUTO_ALLOCATE") || on("PILOT_ENABLE_IP_AUTOALLOCATE"))) {
      return;
    }
    each(mesh.serviceEntries, (entry) => {
      const { addresses, ports = [] } = entry.fields.spec ?? {};
      const allocated = entry.fields.status?.addresses;
      if (addresses !== undefined || (Array.isArray(allocated) && allocated.length > 0)) {
        return;
      }
      ports.forEach(({ protocol = "", number }, i) => {
        if (protocol === "" || protocol.toUpperCase() === "TCP") {
          report(entry, {
            field: `spec.ports[${i}]`,
            message: `Port ${number} is TCP${protocol === "" ? " (no protocol is named)" : ""} and the entry has no addresses, so it takes all traffic to that port.`,
            fix: "Set addresses, or name the protocol if it is HTTP or TLS.",
          });
        }
      });
    });
  },
});

export const serviceEntryProtocolsAgree = rule({
  name: "service-entry-protocols-agree",
  description: "ServiceEntries that name the same host and port name the same protocol.",
  rationale: "Which of the protocols a sidecar uses for the port is left to chance.",
  fix: "Use one protocol, or one ServiceEntry.",
  codes: ["IST0177"],
  check({ mesh, each, report }) {
    interface Use {
      entry: Resource<"ServiceEntry">;
      protocol: string;
      field: string;
    }
    const uses = new Map<string, Use[]>();
    each(mesh.serviceEntries, (entry) => {
      const { hosts = [], ports = [], exportTo } = entry.fields.spec ?? {};
      for (const scope of exportScopes(exportTo, entry.namespace)) {
        for (const host of hosts) {
          ports.forEach(({ number, protocol = "" }, i) => {
            const key = `${scope} ${host}:${number}`;
            const use = { entry, protocol: protocol.toUpperCase(), field: `spec.ports[${i}].protocol` };
            uses.set(key, [...(uses.get(key) ?? []), use]);
          });
        }
      }
    });
    const reported = new Set<Resource>();
    for (const [key, own] of uses) {
      const [scope, at = ""] = key.split(" ");
      const all = scope === "*" ? own : [...own, ...(uses.get(`* ${at}`) ?? [])];
      const protocols = new Set(all.map(({ protocol }) => protocol));
      if (protocols.size < 2) {
        continue;
      }
      const names = [...new Set(all.map(({ entry }) => fullName(entry)))].sort().join(", ");
      for (const { entry, field } of all) {
        if (!reported.has(entry)) {
          reported.add(entry);
          report(entry, {
            field,
            message: `The ServiceEntries ${names} give ${at} different protocols: ${[...protocols].sort().join(", ")}.`,
            fix: "Use the same protocol in all of them.",
          });
        }
      }
    }
  },
});
