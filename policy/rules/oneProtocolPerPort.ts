import { injectLabel, simulateInjection } from "../mesh/injection";
import { rule } from "../rule";
import { analysis } from "../sources";

const waypoint = "istio.io-mesh-controller";

/** Services that share pods agree about the ports. */
export const oneProtocolPerPort = rule({
  name: "one-protocol-per-port",
  description: "Services that select the same pods agree about each port's protocol and target.",
  rationale:
    "A sidecar has one listener for a port of its pod. Two Services that call one port TCP and UDP, or that reach one " +
    "target port under different numbers, leave it to chance which of them is right.",
  fix: "Give the Services the same protocol for a port and the same port for a target, or select different pods.",
  level: "mandatory",
  codes: ["IST0116", "IST0137", "KIA0602"],
  source: analysis("IST0116"),
  check({ mesh, settings, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource } = workload;
      const services = mesh.servicesOf(workload);
      if (
        services.length === 0 ||
        resource.shape === "Pod" ||
        resource.labels["gateway.istio.io/managed"] === waypoint
      ) {
        return;
      }
      const protocols = new Map<number, Map<string, string[]>>();
      const targets = new Map<string, Map<number, string>>();
      for (const service of services) {
        for (const { port = 0, protocol = "TCP", targetPort } of service.fields.spec?.ports ?? []) {
          const byProtocol = protocols.get(port) ?? new Map<string, string[]>();
          byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), service.name]);
          protocols.set(port, byProtocol);
          const target = String(targetPort === undefined || targetPort === 0 || targetPort === "" ? port : targetPort);
          targets.set(target, (targets.get(target) ?? new Map<number, string>()).set(port, service.name));
        }
      }
      const conflicts = [...protocols].filter(([, { size }]) => size > 1);
      const doubles = [...targets].filter(([, { size }]) => size > 1);
      // Pods that ask for a sidecar but do not get it are to be in the mesh all the same.
      const asks = [workload.labels, workload.annotations].some((map) => map[injectLabel] === "true");
      if (
        conflicts.length + doubles.length === 0 ||
        !(asks || simulateInjection(mesh, workload, settings).injected === true)
      ) {
        return;
      }
      for (const [port, byProtocol] of conflicts) {
        const uses = [...byProtocol].map(([protocol, names]) => `${names.join(", ")} (${protocol})`).join(" and ");
        report(resource, {
          field: "metadata.name",
          message: `Services that select its pods use port ${port} with different protocols: ${uses}.`,
          fix: "Give the port one protocol, or one of the Services another port.",
        });
      }
      for (const [target, ports] of doubles) {
        const uses = [...ports].map(([port, name]) => `${name} (${port})`).join(" and ");
        report(resource, {
          field: "metadata.name",
          message: `Services that select its pods reach target port ${target} under different ports: ${uses}.`,
          fix: "Use the same port in both, or let the application listen on one port for each.",
          code: "IST0137",
        });
      }
    });
  },
});
