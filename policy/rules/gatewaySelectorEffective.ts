import type { Resource } from "../mesh/resource";
import { rule } from "../rule";
import { analysis } from "../sources";

const gatewayLabel = "gateway.networking.k8s.io/gateway-name";

/** Policies for gateways of the Gateway API say so. */
export const gatewaySelectorEffective = rule({
  name: "gateway-selector-effective",
  description: "A policy for a gateway of the Gateway API names it with targetRefs, not by a selector.",
  rationale: "Istio ignores selectors for those gateways: the policy looks applied and is not.",
  fix: "Replace `selector` with `targetRefs`.",
  level: "mandatory",
  codes: ["IST0166"],
  source: analysis("IST0166"),
  check({ mesh, each, report }) {
    const list = (["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"] as const).flatMap(
      (shape) => mesh.of(shape) as Resource<"Telemetry">[],
    );
    each(list, (policy) => {
      const { selector, targetRef, targetRefs } = policy.fields.spec ?? {};
      if (selector === undefined || targetRef !== undefined || targetRefs !== undefined) {
        return;
      }
      const pod = mesh
        .selectedBy(selector.matchLabels, policy.namespace)
        .find(({ labels }) => labels[gatewayLabel] !== undefined);
      if (pod !== undefined) {
        const name = pod.labels[gatewayLabel];
        report(policy, {
          field: "spec.selector",
          message: `The selector takes pods of the gateway ${name}, for which Istio ignores selectors.`,
          fix: `Use targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}}].`,
        });
      }
    });
  },
});
