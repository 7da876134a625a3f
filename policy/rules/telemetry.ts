/** Telemetry and its providers. */
import { rule } from "../rule";
import { analysis } from "../sources";

/** Access logs go somewhere. */
export const telemetryProviderNamed = rule({
  name: "telemetry-provider-named",
  description: "A Telemetry that switches access logs on names a provider, unless the mesh has a default one.",
  rationale: "Without a provider the access log is not written anywhere.",
  fix: "Name a provider, such as `envoy`.",
  level: "mandatory",
  codes: ["IST0157"],
  source: analysis("IST0157"),
  check({ mesh, each, report }) {
    const { accessLogging } = (mesh.meshConfig["defaultProviders"] ?? {}) as { accessLogging?: unknown };
    if (Array.isArray(accessLogging) && accessLogging.length > 0) {
      return;
    }
    each(mesh.of("Telemetry"), (telemetry) => {
      telemetry.fields.spec?.accessLogging?.forEach(({ disabled, providers = [] }, i) => {
        if (disabled !== true && providers.length === 0) {
          report(telemetry, {
            field: `spec.accessLogging[${i}]`,
            message: "It names no provider and the mesh has no default one, so no access log is written.",
            fix: "Add providers: [{name: envoy}].",
          });
        }
      });
    });
  },
});
