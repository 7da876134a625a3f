import { exportScopes } from "../mesh/hosts";
import { fullName, type Resource } from "../mesh/resource";
import { rule } from "../rule";
import { analysis } from "../sources";

/** ServiceEntries agree about a host. */
export const serviceEntryProtocolsAgree = rule({
  name: "service-entry-protocols-agree",
  description: "ServiceEntries that name the same host and port name the same protocol.",
  rationale: "Which of the protocols a sidecar uses for the port is left to chance.",
  fix: "Use one protocol, or one ServiceEntry.",
  level: "mandatory",
  codes: ["IST0177"],
  source: analysis("IST0177"),
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
