/** Fields and values, as the API server and istiod take them. */
import { validate } from "../mesh/validation";
import { rule } from "../rule";
import { analysis } from "../sources";

const removed = new Set(["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"]);

/** Nothing is used that is on its way out. */
export const noDeprecatedFields = rule({
  name: "no-deprecated-fields",
  description: "No field, provider or kind of resource is used that Istio has deprecated or dropped.",
  rationale: "What is deprecated is ignored today or stops working with the next upgrade.",
  fix: "Use what takes its place.",
  level: "mandatory",
  codes: ["IST0002"],
  source: analysis("IST0002"),
  check({ mesh, each, report }) {
    each(mesh.virtualServices, (route) => {
      route.fields.spec?.http?.forEach(({ fault }, i) => {
        if ((fault?.delay?.percent ?? 0) > 0) {
          report(route, {
            field: `spec.http[${i}].fault.delay.percent`,
            message: "The field percent of a delay is deprecated.",
            fix: `Write percentage: {value: ${fault?.delay?.percent}}.`,
          });
        }
      });
    });
    each(mesh.of("Sidecar"), (sidecar) => {
      if (sidecar.fields.spec?.outboundTrafficPolicy?.egressProxy !== undefined) {
        report(sidecar, {
          field: "spec.outboundTrafficPolicy.egressProxy",
          message: "The field egressProxy is ignored.",
          fix: "Remove it, and route through the egress gateway with a VirtualService.",
        });
      }
    });
    each(mesh.of("CustomResourceDefinition"), (definition) => {
      const { group, names } = definition.fields.spec ?? {};
      if (group === "rbac.istio.io" && removed.has(names?.kind ?? "")) {
        report(definition, {
          field: "spec.names.kind",
          message: `The kind ${names?.kind} of ${group} is removed from Istio.`,
          fix: "Use AuthorizationPolicy.",
        });
      }
    });
    const providers = mesh.meshConfig["extensionProviders"];
    const lightstep = new Set(
      (Array.isArray(providers) ? (providers as { name?: string; lightstep?: unknown }[]) : [])
        .filter((provider) => provider.lightstep !== undefined)
        .map(({ name }) => name),
    );
    each(mesh.of("Telemetry"), (telemetry) => {
      telemetry.fields.spec?.tracing?.forEach(({ providers: used = [] }, i) =>
        used.forEach(({ name }, j) => {
          if (lightstep.has(name)) {
            report(telemetry, {
              field: `spec.tracing[${i}].providers[${j}].name`,
              message: `The provider ${name} is of the deprecated kind lightstep.`,
              fix: "Use an OpenTelemetry provider.",
            });
          }
        }),
      );
    });
  },
});

/** Resources are what their kind says. */
export const schemaValid = rule({
  name: "schema-valid",
  description: "Every field of a resource has the type and the value that its kind requires.",
  rationale: "The API server or Istio's own validation refuses the resource, and a deployment stops half way.",
  fix: "Correct the field.",
  level: "mandatory",
  codes: ["IST0106"],
  source: analysis("IST0106"),
  check({ mesh, each, report }) {
    each(mesh.resources, (resource) => {
      const at = (path: readonly (string | number)[]): string =>
        path.reduce<string>(
          (text, step) =>
            typeof step === "number"
              ? `${text}[${step}]`
              : /^[\w-]+$/.test(step)
                ? text === ""
                  ? step
                  : `${text}.${step}`
                : `${text}["${step}"]`,
          "",
        );
      for (const { path, message, fix } of resource.misfits) {
        report(resource, { field: at(path), message: `${at(path)} ${message}.`, fix });
      }
      for (const { warning, ...finding } of validate(resource)) {
        if (!warning) {
          report(resource, finding);
        }
      }
    });
  },
});

/** Istio's resources use their fields as they are meant. */
export const schemaAdvice = rule({
  name: "schema-advice",
  description: "No Istio resource uses a field in a way that Istio accepts but warns of.",
  rationale: "Such a field is ignored, or does less than it says.",
  fix: "Follow the advice of the finding.",
  level: "advisory",
  codes: ["IST0133"],
  source: analysis("IST0133"),
  check({ mesh, each, report }) {
    each(mesh.resources, (resource) => {
      for (const { warning, ...finding } of validate(resource)) {
        if (warning) {
          report(resource, finding);
        }
      }
    });
  },
});
