import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { declare, errorOf, valueOf } from "../test/support/declare";
import { MeshService } from "./meshService";

const args = {
  namespace: "demo",
  serviceName: "shop",
  image: "example/shop:1.0.0",
  port: 8080,
  timeout: "5s",
  circuitBreaker: { consecutive5xx: 5 },
  versions: [
    { version: "v1", weight: 90 },
    { version: "v2", weight: 10 },
  ],
};

describe("MeshService", () => {
  it("declares limits and subsets before pods, and pods before the routes that lead to them", async () => {
    const { all, one } = await declare(() => new MeshService("shop", args));
    const order = (kind: string, name: string) => one(kind, name).order;
    const rules = ["shop", "shop-v1", "shop-v2"].map((name) => order("DestinationRule", name));
    const pods = ["shop-v1", "shop-v2"].map((name) => order("Deployment", name));
    assert.ok(Math.max(...rules) < Math.min(...pods), "rules before pods");
    assert.ok(Math.max(...pods) < order("VirtualService", "shop"), "pods before routes");
    assert.equal(all("Service").length, 1);
  });

  it("removes a version's pods before its subset, for both in one push would leave routes that lead nowhere", async () => {
    const dependencies: [string, pulumi.Output<string>][] = [];
    const note: pulumi.ResourceTransformation = ({ type, name, opts }) => {
      if (type.endsWith(":Deployment")) {
        const [subset] = [opts.dependsOn].flat() as pulumi.Resource[];
        dependencies.push([name, subset!.urn]);
      }
      return undefined;
    };
    const { result } = await declare(async () => {
      new MeshService("shop", args, { transformations: [note] });
      return Promise.all(dependencies.map(async ([name, urn]) => [name, (await valueOf(urn)).split("::").at(-1)]));
    });
    assert.deepEqual(Object.fromEntries(result), {
      "shop-deployment-v1": "shop-subset-v1",
      "shop-deployment-v2": "shop-subset-v2",
    });
  });

  it("routes to the versions that it deploys, by their weights", async () => {
    const { one } = await declare(() => new MeshService("shop", args));
    const [route] = one("VirtualService", "shop").inputs.spec.http;
    assert.equal(route.timeout, "5s");
    assert.deepEqual(
      route.route.map((to: { destination: { subset: string }; weight: number }) => [to.destination.subset, to.weight]),
      [
        ["v1", 90],
        ["v2", 10],
      ],
    );
  });

  it("refuses a name that is none, before anything is declared", async () => {
    assert.match(await errorOf(() => new MeshService("shop", { ...args, serviceName: "Shop" })), /serviceName.*"Shop"/);
  });
});
