import { containersOf, type Mesh, type Workload } from "../mesh/mesh";
import { rule } from "../rule";
import { services as source } from "../sources";

/** Whether a workload's arguments, environment or a configuration beside it speak of a port: then it may well listen. */
function mentions(mesh: Mesh, workloads: readonly Workload[], port: number): boolean {
  const number = new RegExp(`(?<![\\d.])${port}(?!\\d)`);
  const said = workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ container }) => [container.command, container.args, container.env]),
  );
  const configured = mesh
    .of("ConfigMap")
    .filter((map) => workloads.some(({ namespace }) => namespace === map.namespace));
  return (
    number.test(JSON.stringify(said)) || configured.some((map) => number.test(JSON.stringify(map.fields.data ?? {})))
  );
}

/** Services lead to ports that the pods open. */
export const targetPortExists = rule({
  name: "target-port-exists",
  description: "A Service's target port is one that the containers of its pods declare.",
  rationale:
    "Calls to the Service end at a port where nothing listens: connection refused, or 503 through the sidecar.",
  fix: "Set `targetPort` to a port of the container, or declare the port there.",
  level: "mandatory",
  codes: ["KIA0701"],
  source,
  check({ mesh, each, report }) {
    each(mesh.services, (service) => {
      // A pod that declares no ports at all may listen on any.
      const behind = mesh
        .behind(service)
        .filter((workload) => !workload.assumed && workload.resource.installedBy === undefined);
      const workloads = behind
        .map((workload) => containersOf(workload).flatMap(({ container }) => container.ports ?? []))
        .filter((ports) => ports.length > 0);
      if (workloads.length === 0) {
        return;
      }
      service.fields.spec?.ports?.forEach(({ port, targetPort, protocol = "TCP" }, i) => {
        const target = targetPort === undefined || targetPort === 0 ? port : targetPort;
        const opens = workloads.some((ports) =>
          ports.some(
            (one) =>
              (one.protocol ?? "TCP") === protocol &&
              (typeof target === "string" && !/^\d+$/.test(target)
                ? one.name === target
                : one.containerPort === Number(target)),
          ),
        );
        if (!opens && !(Number(target) > 0 && mentions(mesh, behind, Number(target)))) {
          const declared = [
            ...new Set(
              workloads
                .flat()
                .map((one) => (one.name === undefined ? one.containerPort : `${one.name} (${one.containerPort})`)),
            ),
          ];
          report(service, {
            field: targetPort === undefined ? `spec.ports[${i}].port` : `spec.ports[${i}].targetPort`,
            message: `Port ${port} leads to ${protocol} port ${target}, which no container of the pods that it selects declares.`,
            fix: `Use one that they declare: ${declared.join(", ")}.`,
          });
        }
      });
    });
  },
});
