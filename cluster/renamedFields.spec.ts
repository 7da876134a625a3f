import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeClient } from "./kubeClient";
import { fromLibrary, toLibrary } from "./renamedFields";

const policy = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "mesh-only", namespace: "demo" },
  spec: {
    podSelector: { matchLabels: { from: "label" } },
    ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }, { ports: [{ port: 15020 }] }],
  },
};

/** An API server that keeps what it is sent. */
async function withServer<T>(use: (client: KubeClient, stored: () => unknown) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "renamed-"));
  let stored = "{}";
  const kinds = { NetworkPolicy: "networkpolicies" };
  const resources = Object.entries(kinds).map(([kind, name]) => ({
    ...{ name, kind, namespaced: true, singularName: "", verbs: ["get", "list", "patch"] },
  }));
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method, url = "" } = request;
      stored = method === "PATCH" ? body : stored;
      const one = JSON.parse(stored) as object;
      const list = { apiVersion: policy.apiVersion, kind: "NetworkPolicyList", items: [one] };
      const discovery = { apiVersion: "v1", kind: "APIResourceList", groupVersion: policy.apiVersion, resources };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(url.endsWith("/v1") ? discovery : url.includes("mesh-only") ? one : list));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "test" },
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server: address, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: {} }],
  };
  const file = join(folder, "kubeconfig");
  writeFileSync(file, JSON.stringify(kubeconfig));
  try {
    return await use(KubeClient.connect(file), () => JSON.parse(stored) as unknown);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

describe("fields that the client library renames", () => {
  it("arrive at the API server by their own names, and come back by them", async () => {
    await withServer(async (client, stored) => {
      const applied = await client.apply(policy);
      assert.deepEqual((stored() as typeof policy).spec, policy.spec);
      const ref = { apiVersion: policy.apiVersion, kind: policy.kind, name: "mesh-only", namespace: "demo" };
      const read = await client.get(ref);
      const [listed] = await client.list(policy.apiVersion, policy.kind, "demo");
      for (const found of [applied, read, listed]) {
        assert.deepEqual(JSON.parse(JSON.stringify(found?.spec)), policy.spec);
      }
    });
  });

  it("are those of the API's own types alone", () => {
    const limits = { apiVersion: "v1", kind: "LimitRange", spec: { limits: [{ type: "Pod", default: { cpu: "1" } }] } };
    assert.deepEqual(toLibrary(limits).spec, { limits: [{ type: "Pod", _default: { cpu: "1" } }] });
    assert.deepEqual(fromLibrary(toLibrary(limits)), limits);
    const another = { ...policy, apiVersion: "crd.projectcalico.org/v1" };
    assert.equal(toLibrary(another), another);
    assert.deepEqual(toLibrary({ ...policy, spec: {} }).spec, {});
  });
});
