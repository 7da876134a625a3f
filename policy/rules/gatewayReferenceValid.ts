import { gatewayReference, isGenerated, meshGateway } from "../mesh/routes";
import { rule } from "../rule";
import { analysis } from "../sources";

/** VirtualServices bind to gateways that are there. */
export const gatewayReferenceValid = rule({
  name: "gateway-reference-valid",
  description: "A gateway that a VirtualService names is declared, and is not one that Istio generates.",
  rationale: "A VirtualService that binds to a gateway which does not exist routes nothing: requests get 404.",
  fix: "Name a declared Gateway, as `name` in the same namespace or as `namespace/name`.",
  level: "mandatory",
  codes: ["IST0101", "IST0165", "KIA1102"],
  source: analysis("IST0101"),
  check({ mesh, each, report, missing }) {
    each(mesh.virtualServices, (route) => {
      route.fields.spec?.gateways?.forEach((reference, i) => {
        if (reference === meshGateway || reference === "") {
          return;
        }
        const field = `spec.gateways[${i}]`;
        const { namespace, name } = gatewayReference(reference, route.namespace);
        if (isGenerated(name)) {
          report(route, {
            field,
            message: `The gateway ${reference} is one that Istio generates for a Gateway of the Gateway API.`,
            fix: "Attach an HTTPRoute to that Gateway instead.",
            code: "IST0165",
          });
        } else if (mesh.find("Gateway", "networking.istio.io", namespace, name) === undefined) {
          const others = mesh.gateways
            .filter((gateway) => gateway.name === name)
            .map((gateway) => `${gateway.namespace}/${name}`);
          missing(true, route, {
            field,
            message: `The gateway ${reference} is not declared in namespace ${namespace}.`,
            fix: others.length > 0 ? `Write ${others.join(" or ")}.` : "Declare it, or correct the name.",
          });
        }
      });
    });
  },
});
