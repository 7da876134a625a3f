/** Telemetry and its providers. */
import { extensionProviders } from "../mesh/policies";
import { rule } from "../rule";

export const telemetryProviderNamed = rule({
  name: "telemetry-provider-named",
  description: "A Telemetry that switches access logs on names a provider, unless the mesh has a default one.",
  rationale: "Without a provider the access log is not written anywhere.",
  fix: "Name a provider, such as `envoy`.",
  codes: ["IST0157"],
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

/** What each kind of provider can do. */
const abilities: Readonly<Record<"tracing" | "accessLogging" | "metrics", readonly string[]>> = {
  tracing: ["zipkin", "lightstep", "datadog", "opencensus", "skywalking", "opentelemetry", "stackdriver"],
  accessLogging: ["envoyFileAccessLog", "envoyHttpAls", "envoyTcpAls", "envoyOtelAls", "stackdriver"],
  metrics: ["prometheus", "stackdriver"],
};

export const telemetryProviderKnown = rule({
  name: "telemetry-provider-known",
  description: "A provider that a Telemetry names is in the mesh configuration and does what it is named for.",
  rationale:
    "Istio passes over a provider that it does not know or that cannot do it: no trace, log or metric leaves a proxy.",
  fix: "Name a provider of meshConfig.extensionProviders, of a kind that can do it.",
  source: "reference/config/telemetry/",
  check({ mesh, each, missing }) {
    const known = extensionProviders(mesh);
    each(mesh.of("Telemetry"), (telemetry) => {
      for (const use of ["tracing", "accessLogging", "metrics"] as const) {
        telemetry.fields.spec?.[use]?.forEach(({ providers = [] }, i) =>
          providers.forEach(({ name = "" }, j) => {
            const kind = known.get(name);
            const fitting = [...known].filter(([, one]) => abilities[use].includes(one)).map(([one]) => one);
            const choose = fitting.length === 0 ? "" : ` (${fitting.join(", ")})`;
            if (kind === undefined || !abilities[use].includes(kind)) {
              missing(mesh.hasMeshConfig, telemetry, {
                field: `spec.${use}[${i}].providers[${j}].name`,
                message:
                  kind === undefined
                    ? `The mesh configuration has no extension provider ${name}, so nothing is sent.`
                    : `The extension provider ${name} is ${kind || "of no kind"}, which does not support ${use}.`,
                fix: `Name one that does${choose}, or declare it in meshConfig.extensionProviders.`,
              });
            }
          }),
        );
      }
    });
  },
});
