import type { Resource } from "../mesh/resource";
import { gatewayReference, meshGateway } from "../mesh/routes";
import { selects } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

const claim = /^@request\.auth\.claims[.[]/i;

/** Routes by claims have claims. */
export const jwtRouteHasAuthn = rule({
  name: "jwt-route-has-authn",
  description: "A gateway whose routes match claims of a JWT has a RequestAuthentication.",
  rationale: "Without it the gateway does not read tokens: there are no claims, and the match never applies.",
  fix: "Declare a RequestAuthentication whose selector takes the gateway's pods.",
  level: "mandatory",
  codes: ["IST0149"],
  source: analysis("IST0149"),
  check({ mesh, each, missing }) {
    const authentications = mesh.of("RequestAuthentication");
    each(mesh.virtualServices, (route) => {
      const { http = [], gateways = [] } = route.fields.spec ?? {};
      const used = http
        .flatMap(({ match = [] }, i) =>
          match.flatMap((one, j) =>
            (["headers", "withoutHeaders"] as const).flatMap((where) =>
              Object.keys(one[where] ?? {}).map((key) => ({
                key,
                field: `spec.http[${i}].match[${j}].${where}`,
              })),
            ),
          ),
        )
        .find(({ key }) => claim.test(key));
      if (used === undefined) {
        return;
      }
      for (const reference of gateways.filter((name) => name !== meshGateway)) {
        const { namespace, name } = gatewayReference(reference, route.namespace);
        const gateway = mesh.find("Gateway", "networking.istio.io", namespace, name) as Resource<"Gateway"> | undefined;
        const bare =
          gateway === undefined
            ? []
            : mesh
                .selectedBy(gateway.fields.spec?.selector)
                .filter(
                  (workload) =>
                    !authentications.some(
                      (one) =>
                        [mesh.rootNamespace, workload.namespace].includes(one.namespace) &&
                        (one.fields.spec?.targetRefs !== undefined ||
                          selects(one.fields.spec?.selector?.matchLabels, workload.labels)),
                    ),
                );
        if (bare.length > 0) {
          missing(bare.some(({ assumed }) => !assumed) || authentications.length > 0, route, {
            field: used.field,
            message: `The route matches ${used.key}, but no RequestAuthentication applies to the pods of gateway ${namespace}/${name}.`,
            fix: "Declare one that selects the gateway's pods, in their namespace or in the root namespace.",
          });
        }
      }
    });
  },
});
