import { specify, unknown } from "../testing";
import { portProtocolDeclared } from "./portProtocolDeclared";

specify(portProtocolDeclared, {
  violations: [
    {
      it: "finds a name that is no protocol",
      edits: [["Service user", "spec.ports[0].name", "web"]],
      on: "Service demo/user",
      code: "IST0118",
    },
    { it: "finds a port without a name", edits: [["Service user", "spec.ports[0].name"]], on: "Service demo/user" },
    {
      it: "finds an unknown appProtocol",
      edits: [["Service user", "spec.ports[0].appProtocol", "gopher"]],
      on: "Service demo/user",
    },
  ],
  passes: [
    {
      it: "takes appProtocol for the name",
      edits: [
        ["Service user", "spec.ports[0].name", "web"],
        ["Service user", "spec.ports[0].appProtocol", "kubernetes.io/h2c"],
      ],
    },
    { it: "takes a suffix", edits: [["Service user", "spec.ports[0].name", "grpc-api"]] },
    { it: "passes a Service without ports", edits: [["Service user", "spec.ports"]] },
  ],
  unknown: { edits: [["Service user", "spec.ports[0].name", unknown]], on: "Service demo/user" },
});
