/** What runs in production: images and dashboards. */
import { fqdn, serviceOf } from "../mesh/hosts";
import { containersOf } from "../mesh/mesh";
import type { Resource } from "../mesh/resource";
import { destinationsOf, meshGateway } from "../mesh/routes";
import { matchesGlob } from "../mesh/selectors";
import { eachWorkload, rule } from "../rule";

export const dashboardsNotPublic = rule({
  name: "dashboards-not-public",
  description: "No gateway, ingress or load balancer leads to a dashboard or a telemetry store.",
  rationale: "They show every service, and most ask for no password: every client of the gateway can open them.",
  fix: "Use `kubectl port-forward`, or put them behind authentication and exclude the route by name.",
  level: { dev: "advisory", prod: "mandatory" },
  source: "tasks/observability/gateways/",
  config: {
    services: {
      description: "The names of the services that are meant; `*` stands for anything.",
      default: ["grafana*", "kiali*", "prometheus*", "jaeger*", "tracing", "zipkin*", "loki*", "tempo*"],
    },
  },
  check({ mesh, config, each, report }) {
    const isDashboard = (name: string | undefined): boolean =>
      name !== undefined && config.services.some((pattern) => matchesGlob(pattern, name));
    const open = (resource: Resource, field: string, name: string | undefined, by: string): void => {
      if (isDashboard(name)) {
        report(resource, {
          field,
          message: `It opens ${name} to every client of ${by}.`,
          fix: "Remove the route and use a port-forward, or protect it and exclude it by name.",
        });
      }
    };
    each(mesh.virtualServices, (route) => {
      const gateways = (route.fields.spec?.gateways ?? []).filter((name) => name !== meshGateway);
      if (gateways.length > 0) {
        for (const { destination, field } of destinationsOf(route)) {
          open(
            route,
            `${field}.host`,
            serviceOf(fqdn(destination.host ?? "", route.namespace))?.name,
            gateways.join(", "),
          );
        }
      }
    });
    each(mesh.of("GatewayRoute"), (route) => {
      const toGateway = (route.fields.spec?.parentRefs ?? []).some(({ kind = "Gateway" }) => kind === "Gateway");
      route.fields.spec?.rules?.forEach(({ backendRefs }, i) =>
        backendRefs?.forEach(({ name }, j) => {
          if (toGateway) {
            open(route, `spec.rules[${i}].backendRefs[${j}].name`, name, "its gateway");
          }
        }),
      );
    });
    each(mesh.of("Ingress"), (ingress) => {
      open(ingress, "spec.defaultBackend", ingress.fields.spec?.defaultBackend?.service?.name, "the ingress");
      ingress.fields.spec?.rules?.forEach(({ http }, i) =>
        http?.paths?.forEach(({ backend }, j) =>
          open(ingress, `spec.rules[${i}].http.paths[${j}].backend`, backend?.service?.name, "the ingress"),
        ),
      );
    });
    each(mesh.services, (service) => {
      if (service.fields.spec?.type === "LoadBalancer") {
        open(service, "spec.type", service.name, "its load balancer");
      }
    });
  },
});

export const imagesPinned = rule({
  name: "images-pinned",
  description: "Every image has a tag other than `latest`, or a digest.",
  rationale: "What runs changes whenever a node pulls the image again, and no rollback brings the old one back.",
  fix: "Name a version or a digest.",
  level: "advisory",
  source: "https://kubernetes.io/docs/concepts/containers/images/",
  check: eachWorkload((workload, { report }) => {
    for (const { container, field } of containersOf(workload)) {
      const { image } = container;
      if (image === undefined || image === "" || image === "auto" || image.includes("@")) {
        continue;
      }
      const tag = /:([^/:]+)$/.exec(image)?.[1];
      if (tag === undefined || tag === "latest") {
        report(workload.resource, {
          field: `${field}.image`,
          message: `The image ${image} ${tag === undefined ? "has no tag" : "is tagged latest"}, so what runs is left to chance.`,
          fix: "Name a version or a digest.",
        });
      }
    }
  }),
});
