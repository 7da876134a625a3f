import assert from "node:assert/strict";
import { declare } from "../test/support/declare";
import { AccessPolicy } from "./accessPolicy";

const gateway = { namespace: "istio-ingress", serviceAccount: "istio-ingressgateway" };
const user = { namespace: "demo", serviceAccount: "user-service" };

describe("AccessPolicy", () => {
  const declared = () =>
    declare(
      () =>
        new AccessPolicy("access", {
          namespace: "demo",
          services: [
            { service: "payment-service", callers: [gateway, user] },
            { service: "hidden", callers: [] },
          ],
        }),
    );

  it("allows each declared edge by the identities of its callers", async () => {
    const { one } = await declared();
    const { apiVersion, spec } = one("AuthorizationPolicy", "allow-payment-service").inputs;
    assert.equal(apiVersion, "security.istio.io/v1");
    assert.deepEqual(spec, {
      selector: { matchLabels: { app: "payment-service" } },
      rules: [
        {
          from: [
            {
              source: {
                principals: [
                  "cluster.local/ns/istio-ingress/sa/istio-ingressgateway",
                  "cluster.local/ns/demo/sa/user-service",
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it("denies all else in the namespace, and comes after the exceptions", async () => {
    const { one, all } = await declared();
    const deny = one("AuthorizationPolicy", "default-deny");
    assert.deepEqual(deny.inputs.spec, {});
    assert.equal(all("AuthorizationPolicy").length, 2);
    assert.ok(deny.order > one("AuthorizationPolicy", "allow-payment-service").order);
  });
});
