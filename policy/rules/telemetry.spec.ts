import { specify, unknown } from "../../test/support/policyStack";
import { telemetryProviderKnown, telemetryProviderNamed } from "./telemetry";

specify(telemetryProviderNamed, {
  violations: [
    {
      it: "finds an access log that goes nowhere",
      edits: [["Telemetry default", "spec.accessLogging[0].providers"]],
      on: "Telemetry demo/default",
      code: "IST0157",
    },
  ],
  passes: [
    { it: "passes a log that is off", edits: [["Telemetry default", "spec.accessLogging[0]", { disabled: true }]] },
    {
      it: "passes where the mesh has a default",
      edits: [
        ["Telemetry default", "spec.accessLogging[0].providers"],
        ["Release istiod", "values.meshConfig.defaultProviders.accessLogging", ["envoy"]],
      ],
    },
    { it: "passes a Telemetry without logs", edits: [["Telemetry default", "spec.accessLogging"]] },
  ],
  unknown: { edits: [["Telemetry default", "spec.accessLogging[0].providers", unknown]], on: "Telemetry demo/default" },
});

const providers = "values.meshConfig.extensionProviders";
const otel = { name: "otel", opentelemetry: { service: "otel.demo.svc.cluster.local", port: 4317 } };

specify(telemetryProviderKnown, {
  violations: [
    {
      it: "finds a provider that the mesh configuration lacks",
      edits: [
        ["Release istiod", providers, [otel]],
        ["Telemetry default", "spec.tracing[0].providers", [{ name: "otell" }]],
      ],
      on: "Telemetry demo/default",
    },
    {
      it: "finds a provider of another kind",
      edits: [
        ["Release istiod", providers, [otel]],
        ["Telemetry default", "spec.accessLogging[0].providers[0].name", "otel"],
      ],
      on: "Telemetry demo/default",
    },
  ],
  passes: [
    {
      it: "passes a provider that is there",
      edits: [
        ["Release istiod", providers, [otel]],
        ["Telemetry default", "spec.tracing[0].providers", [{ name: "otel" }]],
      ],
    },
  ],
  unknown: {
    edits: [["Telemetry default", "spec.tracing[0].providers", unknown]],
    on: "Telemetry demo/default",
  },
});

specify(telemetryProviderKnown, {
  violations: [
    {
      it: "finds a metrics provider that is none",
      edits: [["Telemetry default", "spec.metrics", [{ providers: [{ name: "prom" }] }]]],
      on: "Telemetry demo/default",
    },
  ],
  unknown: { edits: [["Release istiod", providers, unknown]], on: "The mesh" },
});
