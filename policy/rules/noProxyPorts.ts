import { isControlPlane, simulateInjection } from "../mesh/injection";
import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { requirements } from "../sources";

/** The ports that the sidecar listens on, or uses inside the pod. */
const reserved = new Set([15000, 15001, 15002, 15004, 15006, 15008, 15020, 15021, 15053, 15090]);

/** Applications leave the sidecar's ports alone. */
export const noProxyPorts = rule({
  name: "no-proxy-ports",
  description: "No application container listens on a port of the sidecar (15000 to 15090).",
  rationale: "Two processes of a pod cannot listen on one port: either the application or the sidecar fails to start.",
  fix: "Have the application listen on another port.",
  level: "mandatory",
  codes: [],
  source: requirements,
  check({ mesh, settings, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource } = workload;
      if (workload.assumed || isControlPlane(resource)) {
        return;
      }
      for (const { container, field } of containersOf(workload)) {
        container.ports?.forEach(({ containerPort }, i) => {
          const taken = containerPort !== undefined && reserved.has(containerPort);
          if (
            taken &&
            container.name !== "istio-proxy" &&
            simulateInjection(mesh, workload, settings).injected !== false
          ) {
            report(resource, {
              field: `${field}.ports[${i}].containerPort`,
              message: `The container ${container.name} listens on port ${containerPort}, which the sidecar needs.`,
              fix: "Use a port outside 15000 to 15090.",
            });
          }
        });
      }
    });
  },
});
