import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { declare } from "../test/support/declare";
import * as face from "./index";

const service = { serviceName: "cart", image: "hashicorp/http-echo:1.0.0", port: 5678 };
const grafana = { sizing: { replicas: 1, resources: {} } };
const kiali = { ...grafana, auth: "token" } as const;

/** Each component of the package, with args that make it declare all of its parts. */
const components: Record<string, (name: string, opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource> = {
  Istio: (name, opts) => new face.Istio(name, { cni: true, egressGateway: {} }, opts),
  MeshNamespace: (name, opts) =>
    new face.MeshNamespace(name, { namespace: "shop", allowedNamespaces: ["x"], resourceQuota: { pods: "9" } }, opts),
  MeshService: (name, opts) => new face.MeshService(name, { ...service, namespace: "shop", minAvailable: 1 }, opts),
  IngressRoutes: (name, opts) =>
    new face.IngressRoutes(name, { namespace: "shop", routes: [{ path: "/", service: "cart", port: 80 }] }, opts),
  TrafficPolicy: (name, opts) =>
    new face.TrafficPolicy(name, { namespace: "shop", serviceName: "cart", versions: ["v1", "v2"] }, opts),
  Observability: (name, opts) => new face.Observability(name, { grafana, kiali, networkPolicy: true }, opts),
  SidecarMesh: (name, opts) =>
    new face.SidecarMesh(
      name,
      {
        applications: [{ namespace: "shop", services: [{ ...service, path: "/cart" }] }],
        observability: { grafana, kiali },
      },
      opts,
    ),
};

describe("the package's components", () => {
  it("are these", () => {
    const classes = Object.entries(face).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    assert.deepEqual(classes.sort(), Object.keys(components).sort());
  });

  for (const [kind, make] of Object.entries(components)) {
    it(`${kind}: two of them have no name in common, and pass provider and transformations on`, async () => {
      const transformed: string[] = [];
      const { resources } = await declare(() => {
        // A component's providers are those of its children, down to the last.
        const provider = new k8s.Provider("of-the-caller", { context: "x" });
        const opts: pulumi.ComponentResourceOptions = {
          providers: [provider],
          transformations: [({ type, name }) => void transformed.push(`${type} ${name}`)],
        };
        make("one", opts);
        make("two", opts);
      });
      const children = resources.filter(({ type }) => !type.startsWith("pulumi:"));
      const names = children.map(({ type, name }) => `${type} ${name}`);
      assert.ok(children.length > 2, names.join());
      assert.deepEqual([...new Set(names)], names);
      assert.deepEqual([...transformed].sort(), [...names].sort());
      const elsewhere = children.filter(
        ({ type, provider }) => type.startsWith("kubernetes:") && !provider?.includes("::of-the-caller::"),
      );
      assert.deepEqual(elsewhere, []);
    });
  }
});
