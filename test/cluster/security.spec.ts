import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Supplies } from "../../commands/imageList";
import { inventoryRef, unpack } from "../../sandbox/applier/inventory";
import { statePaths } from "../../sandbox/paths";
import { client, npm, start, tool } from "./cluster";

/** @returns every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("security", () => {
  let said = "";

  before(async () => {
    ({ said } = await start("--engine", "in-process", "-c", "gatewaySelfSigned=true"));
  });

  after(() => npm("down", "--sandbox", "--engine", "in-process"));

  it("keeps the sandbox's credentials from everybody but their owner", () => {
    const { pki, config, kubeconfig } = statePaths();
    const files = [kubeconfig, ...filesBelow(pki), ...filesBelow(config)];
    assert.ok(files.length > 20, `${files.length} files`);
    assert.deepEqual(
      files.filter((file) => (statSync(file).mode & 0o077) !== 0),
      [],
    );
  });

  it("has generated secrets in Secrets alone, and tells none", async () => {
    const inventory = await client().get(inventoryRef);
    const { values } = unpack(inventory?.data?.content ?? "") as { values: Record<string, string> };
    const generated = Object.values(values).flatMap((value) =>
      Object.values(JSON.parse(value) as Record<string, string>),
    );
    assert.ok(generated.length > 0 && generated.every((secret) => secret.length >= 16), Object.keys(values).join());
    const key = await tool(
      ...(["kubectl", "-n", "istio-ingress", "get", "secret", "gateway-self-signed", "-o"] as const),
      "jsonpath={.data.tls\\.key}",
    );
    const kinds = "configmaps,pods,deployments,statefulsets,daemonsets,services,serviceaccounts,namespaces,events";
    const open = (await tool("kubectl", "get", kinds, "-A", "-o", "json")) + said;
    for (const secret of [...generated, key, Buffer.from(key, "base64").toString().split("\n")[1]!]) {
      assert.ok(!open.includes(secret), "a secret is in the open");
    }
  });

  it("runs the images that npm run images lists, and no other", async () => {
    const { code, stdout } = await npm("images", "--sandbox", "--json", "-c", "gatewaySelfSigned=true");
    assert.equal(code, 0);
    const { images } = JSON.parse(stdout) as Supplies;
    const pods = await client().list("v1", "Pod");
    const ours = pods.filter(({ metadata }) => /^(demo|istio-|observability)/.test(metadata?.namespace ?? ""));
    const running = ours.flatMap(({ spec }) => {
      const { containers, initContainers = [] } = spec as {
        containers: { image: string }[];
        initContainers?: { image: string }[];
      };
      return [...containers, ...initContainers].map(({ image }) => image);
    });
    assert.deepEqual([...new Set(running)].sort(), images.map(({ image }) => image).sort());
  });
});
