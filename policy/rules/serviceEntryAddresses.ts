import { rule } from "../rule";
import { analysis } from "../sources";

/** TCP hosts have an address by which they can be told apart. */
export const serviceEntryAddresses = rule({
  name: "service-entry-addresses",
  description: "A ServiceEntry with a TCP port has addresses, or they are allocated by Istio.",
  rationale:
    "TCP carries no host name. Without an address the sidecar takes every connection to the port for this host.",
  fix: "Set `addresses`, or switch on DNS capture with address allocation in the mesh configuration.",
  level: "mandatory",
  codes: ["IST0134"],
  source: analysis("IST0134"),
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
