import { declaredProtocol, isHttp, serverFirst } from "../mesh/protocols";
import { rule } from "../rule";
import { protocols } from "../sources";
import { eachPort } from "./portProtocolDeclared";

/** Ports of protocols in which the server speaks first say TCP. */
export const serverFirstExplicitTcp = rule({
  name: "server-first-explicit-tcp",
  description: "A port of a protocol in which the server speaks first is declared as TCP, or as that protocol.",
  rationale:
    "Guessing a protocol means waiting for the client's first bytes. Where the server speaks first, both wait.",
  fix: "Name the port `tcp-<name>`, or `mysql`, `mongo`, `redis`.",
  level: "advisory",
  codes: [],
  source: protocols,
  check({ mesh, each, report }) {
    eachPort(mesh, each, (service, port, field) => {
      const first = serverFirst.get(port.port ?? 0);
      const said = port.appProtocol ?? port.name ?? "";
      const protocol = said === "" ? undefined : declaredProtocol({ ...port, port: 0 });
      if (first !== undefined && (protocol === undefined || isHttp(protocol)) && port.protocol !== "UDP") {
        report(service, {
          field: port.name === undefined ? field : `${field}.name`,
          message: `Port ${port.port} is ${first}'s, in which the server speaks first, but it is ${protocol === undefined ? "not declared as TCP" : `declared as ${protocol}`}.`,
          fix: `Name it tcp-${first.toLowerCase()}.`,
        });
      }
    });
  },
});
