/** Fields and values, as the API server and istiod take them. */
import { fieldOf, keyed, title, type Resource } from "../mesh/resource";
import { configurationMisfits, unknownKind } from "../mesh/schemas";
import { validate } from "../mesh/validation";
import { parse } from "../mesh/yaml";
import { rule } from "../rule";
import { UnknownValue } from "../mesh/unknown";

const removed = new Set(["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"]);

export const noDeprecatedFields = rule({
  name: "no-deprecated-fields",
  description: "No field, provider or kind of resource is used that Istio has deprecated or dropped.",
  rationale: "What is deprecated is ignored today or stops working with the next upgrade.",
  fix: "Use what takes its place.",
  codes: ["IST0002"],
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

export const schemaValid = rule({
  name: "schema-valid",
  description: "Every field of a resource has the type and the value that its kind requires.",
  rationale: "The API server or Istio's own validation refuses the resource, and a deployment stops half way.",
  fix: "Correct the field.",
  codes: ["IST0106"],
  check({ mesh, each, report }) {
    each(mesh.resources, (resource) => {
      const { kind, group, version } = resource;
      const none = unknownKind(group, version, kind);
      if (none !== undefined && !removed.has(kind)) {
        report(resource, {
          field: "apiVersion",
          message: `${none[0]!.toUpperCase()}${none.slice(1)}.`,
          fix: "Correct apiVersion and kind.",
        });
      }
      for (const { path, message, fix } of resource.misfits) {
        report(resource, { field: fieldOf(path), message: `${fieldOf(path)} ${message}.`, fix });
      }
      for (const { warning, ...finding } of validate(resource)) {
        if (!warning) {
          report(resource, finding);
        }
      }
      if (resource.hidden !== undefined) {
        throw new UnknownValue(resource.hidden);
      }
    });
  },
});

export const schemaAdvice = rule({
  name: "schema-advice",
  description: "No Istio resource uses a field in a way that Istio accepts but warns of.",
  rationale: "Such a field is ignored, or does less than it says.",
  fix: "Follow the advice of the finding.",
  level: "advisory",
  codes: ["IST0133"],
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

export const objectDeclaredOnce = rule({
  name: "object-declared-once",
  description: "No object is given twice in the manifests.",
  rationale: "Applied one after the other, the later one replaces the earlier: what only that one says is gone.",
  fix: "Keep one of them.",
  level: "advisory",
  source: "https://kubernetes.io/docs/concepts/services-networking/service/",
  check({ mesh, each, report }) {
    each(mesh.repeated, (resource) => {
      report(resource, {
        field: "metadata.name",
        message: `${title(resource)} is given once more after this: the later one wins, and this one is not judged.`,
        fix: "Keep one of them.",
      });
    });
  },
});

export const proxyConfigValid = rule({
  name: "proxy-config-valid",
  description:
    "The annotation proxy.istio.io/config and the mesh configuration have fields and values that Istio reads.",
  rationale:
    "The injector refuses a pod whose proxy configuration it cannot read, so that no pod is created. istiod passes over a mesh configuration " +
    "that it cannot read and goes on with the last one.",
  fix: "Correct the field.",
  source: "reference/config/istio.mesh.v1alpha1/",
  check({ mesh, each, report }) {
    const check = (resource: Resource, field: string, message: "MeshConfig" | "ProxyConfig", text: string): void => {
      const parsed = parse(text);
      if ("error" in parsed) {
        report(resource, { field, message: `It is no YAML: ${parsed.error}.`, fix: "Correct it." });
      } else if (parsed.value !== undefined && parsed.value !== null) {
        for (const { path, message: wrong, fix } of configurationMisfits(message, parsed.value)) {
          // istiod passes over fields of the mesh configuration that it does not know: they may be of another version.
          const certain = message === "ProxyConfig" || !wrong.startsWith("is no field");
          report(resource, { field, message: `${fieldOf(path) || "It"} ${wrong}.`, fix, certain });
        }
      }
    };
    each(
      mesh.workloads.filter(({ assumed }) => !assumed),
      ({ resource, annotations, prefix }) => {
        const text = annotations["proxy.istio.io/config"];
        if (text !== undefined) {
          check(resource, keyed(`${prefix}metadata.annotations`, "proxy.istio.io/config"), "ProxyConfig", text);
        }
      },
    );
    each(mesh.of("ConfigMap"), (map) => {
      const text = /^istio(-[\w-]+)?$/.test(map.name) ? map.fields.data?.["mesh"] : undefined;
      if (text !== undefined) {
        check(map, "data.mesh", "MeshConfig", text);
      }
    });
  },
});
