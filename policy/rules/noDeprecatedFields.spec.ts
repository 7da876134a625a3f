import { specify, unknown } from "../testing";
import { noDeprecatedFields } from "./noDeprecatedFields";

specify(noDeprecatedFields, {
  violations: [
    {
      it: "finds the percent of a delay",
      edits: [["VirtualService entry", "spec.http[0].fault", { delay: { percent: 10, fixedDelay: "1s" } }]],
      on: "VirtualService demo/entry",
      code: "IST0002",
    },
    {
      it: "finds an egress proxy",
      edits: [["Sidecar default", "spec.outboundTrafficPolicy", { egressProxy: { host: "x" } }]],
      on: "Sidecar demo/default",
    },
    {
      it: "finds a removed kind",
      edits: [
        ["+CustomResourceDefinition x", "", { spec: { group: "rbac.istio.io", names: { kind: "ServiceRole" } } }],
      ],
      on: "CustomResourceDefinition x",
    },
    {
      it: "finds a deprecated provider",
      edits: [
        ["Release istiod", "values.meshConfig.extensionProviders", [{ name: "old", lightstep: {} }]],
        ["Telemetry default", "spec.tracing[0].providers", [{ name: "old" }]],
      ],
      on: "Telemetry demo/default",
    },
  ],
  passes: [{ it: "passes rules without faults", edits: [["VirtualService entry", "spec.http[0].fault", {}]] }],
  unknown: { edits: [["VirtualService entry", "spec.http[0].fault", unknown]], on: "VirtualService demo/entry" },
});
