import { specify, unknown } from "../testing";
import { telemetryProviderNamed } from "./telemetry";

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
