/** The Gateway API. */
import { rule } from "../rule";
import { analysis } from "../sources";

/** The oldest version of each definition that Istio reads. */
const minimum: Readonly<Record<string, readonly [number, number]>> = {
  "grpcroutes.gateway.networking.k8s.io": [1, 1],
  "backendtlspolicies.gateway.networking.k8s.io": [1, 4],
  "tlsroutes.gateway.networking.k8s.io": [1, 5],
  "tcproutes.gateway.networking.k8s.io": [1, 6],
};

/** Definitions of the Gateway API are new enough. */
export const gatewayApiVersion = rule({
  name: "gateway-api-version",
  description: "The definitions of the Gateway API are of a version that Istio reads.",
  rationale: "Istio passes over resources of an older definition: their routes are not there.",
  fix: "Install a newer release of the Gateway API.",
  level: "mandatory",
  codes: ["IST0176"],
  source: analysis("IST0176"),
  check({ mesh, each, report }) {
    each(mesh.of("CustomResourceDefinition"), (definition) => {
      const [major = 0, minor = 0] = minimum[definition.name] ?? [];
      const version = definition.annotations["gateway.networking.k8s.io/bundle-version"] ?? "";
      const [, is, at] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
      if (is !== undefined && (Number(is) < major || (Number(is) === major && Number(at) < minor))) {
        report(definition, {
          field: 'metadata.annotations["gateway.networking.k8s.io/bundle-version"]',
          message: `It is of version ${version}, but Istio needs ${major}.${minor} at least.`,
          fix: "Upgrade the Gateway API.",
        });
      }
    });
  },
});
