import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { declare } from "../test/support/declare";
import { componentProvider, lateInputs } from "./provider";

const plain = { plain: true };
const type = "sidecar-mesh:index:MeshService";
const schema = {
  version: "1.2.3",
  resources: {
    [type]: {
      inputProperties: {
        namespace: {},
        port: plain,
        versions: { ...plain, items: { ...plain, $ref: "#/types/sidecar-mesh:index:ServiceVersion" } },
        env: { ...plain, additionalProperties: {} },
        hosts: { ...plain, items: plain },
      },
      properties: { serviceName: {} },
    },
  },
  types: { "sidecar-mesh:index:ServiceVersion": { properties: { version: plain, image: {} } } },
};
const late = pulumi.output("later");

describe("the provider of the components", () => {
  it("names each plain input that is an output, however deep, and no other", () => {
    const inputs = {
      namespace: late,
      port: late,
      versions: [{ version: "v1", image: late }, { version: late }],
      env: { A: late },
      hosts: ["a", late],
    };
    assert.deepEqual(lateInputs(schema, type, inputs), ["port", "versions[1].version", "hosts[1]"]);
    assert.deepEqual(lateInputs(schema, type, { namespace: "shop", port: 80, versions: [{ version: "v1" }] }), []);
  });

  it("makes a component of its type and returns the outputs of the schema", async () => {
    const provider = componentProvider(JSON.stringify(schema));
    assert.equal(provider.version, "1.2.3");
    const inputs = { namespace: late, serviceName: "cart", image: "x:1", port: 80 };
    const { resources } = await declare(async () => {
      const { state } = await provider.construct!("cart", type, inputs, {});
      assert.deepEqual(Object.keys(state as object), ["serviceName"]);
    });
    assert.ok(resources.some((one) => one.type === "kubernetes:apps/v1:Deployment"));
  });

  it("refuses late inputs and unknown types before anything is declared", async () => {
    const provider = componentProvider(JSON.stringify(schema));
    const refused = async (of: string, inputs: object, message: RegExp) => {
      const { resources } = await declare(() => {
        assert.throws(() => provider.construct!("cart", of, inputs, {}), message);
      });
      assert.deepEqual(resources, []);
    };
    await refused(type, { port: late }, /invalid args of cart: port: .*give the value itself/);
    await refused(
      "sidecar-mesh:index:Cart",
      {},
      /use one of sidecar-mesh:index:IngressRoutes, sidecar-mesh:index:Istio/,
    );
  });
});
