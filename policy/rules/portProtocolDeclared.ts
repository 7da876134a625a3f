import { isControlPlane } from "../mesh/injection";
import type { Mesh } from "../mesh/mesh";
import { declaredProtocol } from "../mesh/protocols";
import type { Resource } from "../mesh/resource";
import type { Context } from "../rule";
import { rule } from "../rule";
import { analysis } from "../sources";

/** The label of Services that Istio makes for gateways of the Gateway API. */
const managedLabel = "gateway.istio.io/managed";

/** Goes through the ports of the Services that users declare. */
export function eachPort(
  mesh: Mesh,
  each: Context["each"],
  check: (
    service: Resource<"Service">,
    port: NonNullable<NonNullable<Resource<"Service">["fields"]["spec"]>["ports"]>[number],
    field: string,
  ) => void,
): void {
  each(mesh.services, (service) => {
    if (!isControlPlane(service) && service.labels[managedLabel] === undefined) {
      service.fields.spec?.ports?.forEach((port, i) => check(service, port, `spec.ports[${i}]`));
    }
  });
}

/** Ports say which protocol they speak. */
export const portProtocolDeclared = rule({
  name: "port-protocol-declared",
  description: "A Service's port says its protocol: by appProtocol, or by a name such as `http` or `grpc-api`.",
  rationale:
    "Without it Istio guesses from the first bytes. Where it guesses wrong, HTTP routing, retries, metrics and " +
    "authorization by path stop working, and protocols in which the server speaks first hang.",
  fix: "Name the port `<protocol>` or `<protocol>-<suffix>`, or set `appProtocol`.",
  level: "mandatory",
  codes: ["IST0118", "KIA0601"],
  source: analysis("IST0118"),
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      if (service.fields.spec?.type !== "ExternalName" && declaredProtocol(port) === undefined) {
        const name = port.name === undefined ? "has no name" : `is named ${port.name}, which names no protocol`;
        const app =
          port.appProtocol === undefined ? "" : ` and its appProtocol ${port.appProtocol} is none that Istio knows`;
        report(service, {
          field:
            port.appProtocol !== undefined ? `${field}.appProtocol` : port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} ${name}${app}, so Istio has to guess its protocol.`,
          fix: `Name it http-${port.name ?? port.port} (or grpc-, tcp-, ...), or set appProtocol.`,
        });
      }
    });
  },
});
