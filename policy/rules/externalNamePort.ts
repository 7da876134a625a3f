import { declaredProtocol } from "../mesh/protocols";
import { rule } from "../rule";
import { analysis } from "../sources";
import { eachPort } from "./portProtocolDeclared";

/** Ports of aliases do not catch traffic that is not theirs. */
export const externalNamePort = rule({
  name: "external-name-port",
  description: "A port of an ExternalName Service names a protocol other than plain TCP.",
  rationale:
    "An ExternalName Service has no address. A TCP port of one, or a port of no protocol, opens a listener for all " +
    "addresses, which takes traffic of other services on that port.",
  fix: "Name the port after its protocol (`http`, `https`, `tls`), or `tcp-<suffix>` where it has to be TCP.",
  level: "mandatory",
  codes: ["IST0150"],
  source: analysis("IST0150"),
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      if (
        service.fields.spec?.type === "ExternalName" &&
        (declaredProtocol(port) === undefined || port.name === "tcp")
      ) {
        report(service, {
          field: port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} of this ExternalName Service ${port.name === undefined ? "has no name" : `is named ${port.name}`}, so it takes other services' traffic on that port.`,
          fix: "Name it http, https or tls, as what it serves.",
        });
      }
    });
  },
});
