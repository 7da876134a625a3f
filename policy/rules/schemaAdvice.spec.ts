import { specify, unknown } from "../testing";
import { schemaAdvice } from "./schemaAdvice";

specify(schemaAdvice, {
  violations: [
    {
      it: "finds a deprecated field",
      edits: [["VirtualService entry", "spec.http[0].mirrorPercent", 10]],
      on: "VirtualService demo/entry",
      code: "IST0133",
    },
    {
      it: "finds several tracing providers",
      edits: [["Telemetry default", "spec.tracing[0].providers", [{ name: "a" }, { name: "b" }]]],
      on: "Telemetry demo/default",
    },
    {
      it: "finds a selector without labels",
      edits: [["Sidecar default", "spec.workloadSelector", {}]],
      on: "Sidecar demo/default",
    },
    {
      it: "finds certificates that are ignored",
      edits: [["Gateway entry", "spec.servers[0].tls", { mode: "PASSTHROUGH", credentialName: "x" }]],
      on: "Gateway demo/entry",
    },
  ],
  passes: [{ it: "leaves errors to the rule for them", edits: [["Gateway entry", "spec.servers", []]] }],
  unknown: {
    edits: [["VirtualService entry", "spec.http[0].mirrorPercent", unknown]],
    on: "VirtualService demo/entry",
  },
});
