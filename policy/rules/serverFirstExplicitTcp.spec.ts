import { specify, unknown } from "../testing";
import { serverFirstExplicitTcp } from "./serverFirstExplicitTcp";

specify(serverFirstExplicitTcp, {
  violations: [
    {
      it: "finds MySQL declared as http",
      edits: [["Service store", "spec.ports[0]", { name: "http", port: 3306 }]],
      on: "Service demo/store",
    },
    {
      it: "finds PostgreSQL without a protocol",
      edits: [["Service store", "spec.ports[0]", { name: "db", port: 5432 }]],
      on: "Service demo/store",
    },
  ],
  passes: [
    { it: "passes tcp", edits: [["Service store", "spec.ports[0]", { name: "tcp-db", port: 5432 }]] },
    { it: "passes the protocol itself", edits: [["Service store", "spec.ports[0]", { name: "mysql", port: 3306 }]] },
    { it: "passes a Service without ports", edits: [["Service store", "spec.ports"]] },
  ],
  unknown: { edits: [["Service store", "spec.ports[0].port", unknown]], on: "Service demo/store" },
});
