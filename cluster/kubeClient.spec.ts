import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeClient, withinTime } from "./kubeClient";

const resources = [{ name: "namespaces", kind: "Namespace", namespaced: false, singularName: "", verbs: ["get"] }];
const discovery = { apiVersion: "v1", kind: "APIResourceList", groupVersion: "v1", resources };
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } };

describe("the client of the API server", () => {
  let folder: string;
  let server: Server;
  let answers = 0;

  /** Serves one namespace; the nth answer is cut off in its middle. */
  async function cuttingOff(nth: number): Promise<KubeClient> {
    answers = 0;
    server = createServer(({ url }, response) => {
      const text = JSON.stringify(url?.endsWith("/v1") ? discovery : namespace);
      response.writeHead(200, { "content-type": "application/json", "content-length": text.length });
      if (++answers === nth) {
        response.write(text.slice(0, 10));
        setTimeout(() => response.socket?.destroy(), 20);
      } else {
        response.end(text);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      clusters: [{ name: "test", cluster: { server: address, "insecure-skip-tls-verify": true } }],
      users: [{ name: "test", user: {} }],
    };
    const file = join(folder, "kubeconfig");
    writeFileSync(file, JSON.stringify(kubeconfig));
    return KubeClient.connect(file, undefined, 200);
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kube-client-"));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  for (const nth of [1, 2]) {
    it(`asks again if the API server goes down in the middle of answer ${nth}`, async () => {
      const client = await cuttingOff(nth);
      const found = await client.get({ apiVersion: "v1", kind: "Namespace", name: "demo" });
      assert.equal(found?.metadata?.name, "demo");
      assert.equal(answers, 3);
    });
  }
});

describe("a call with a deadline", () => {
  it("gives what it gives, and throws what it throws", async () => {
    assert.equal(await withinTime(() => Promise.resolve(1), 1000), 1);
    await assert.rejects(
      withinTime(() => Promise.reject(new Error("refused")), 1000),
      /^Error: refused$/,
    );
  });

  it("is given up once it takes too long", async () => {
    await assert.rejects(
      withinTime(() => new Promise(() => undefined), 20),
      /^Error: no answer after 0.02 s$/,
    );
  });
});
