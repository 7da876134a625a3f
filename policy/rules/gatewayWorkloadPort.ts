import { selectorText } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Gateways have a proxy, and their ports can be reached. */
export const gatewayWorkloadPort = rule({
  name: "gateway-workload-port",
  description: "A Gateway's selector takes a gateway workload, and that workload's Service opens the Gateway's ports.",
  rationale:
    "Without a workload, nobody serves the Gateway. With a port that the workload's Service lacks, the proxy listens but " +
    "no client gets there.",
  fix: "Use the labels of the gateway's pods, and add the port to the gateway's Service.",
  level: "mandatory",
  codes: ["IST0101", "IST0162", "KIA0302"],
  source: analysis("IST0162"),
  check({ mesh, each, report, missing }) {
    each(mesh.gateways, (gateway) => {
      const { selector, servers = [] } = gateway.fields.spec ?? {};
      const workloads = mesh.selectedBy(selector);
      const text = selectorText(selector);
      if (workloads.length === 0) {
        missing(true, gateway, {
          field: "spec.selector",
          message: `No workload carries the labels ${text}, so nobody serves this gateway.`,
          fix: "Use the labels of the gateway's pods, such as istio: ingressgateway.",
        });
        return;
      }
      const ports = new Set<number>();
      for (const workload of workloads) {
        if (workload.assumed) {
          workload.spec.containers?.forEach((one) =>
            one.ports?.forEach(({ containerPort = 0 }) => ports.add(containerPort)),
          );
        }
        for (const service of mesh.servicesOf(workload)) {
          for (const { port = 0, targetPort, protocol = "TCP" } of service.fields.spec?.ports ?? []) {
            if (protocol === "TCP") {
              // The proxy listens on the target port; Istio lets a Gateway name either.
              ports.add(port);
              ports.add(Number(targetPort) || port);
            }
          }
        }
      }
      servers.forEach(({ port }, i) => {
        if (port?.number !== undefined && !ports.has(port.number)) {
          report(gateway, {
            field: `spec.servers[${i}].port.number`,
            message: `Port ${port.number} is not open on the Service of the workload that ${text} selects: it opens ${[...ports].join(", ") || "none"}.`,
            fix: `Add port ${port.number} to that Service, or use one that it has.`,
            code: "IST0162",
            certain: !workloads.every(({ assumed }) => assumed),
          });
        }
      });
    });
  },
});
