import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { meshCheck } from "../../commands/meshCheck";
import { projectFolder } from "../../commands/session/stackFiles";

describe("npm run render", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "rendered-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("writes what prod declares and its charts install, without a cluster; mesh-check finds nothing in it", () => {
    const stale = join(folder, "2-objects", "stale.yaml");
    mkdirSync(join(folder, "2-objects"));
    [stale, join(folder, "README.md")].forEach((file) => writeFileSync(file, "of before"));

    const { status, stderr } = spawnSync(
      process.execPath,
      ["--require", "./loader.cjs", "commands/render.ts", folder, "--stack", "prod"],
      // A kubeconfig that can't be read must not matter: no cluster is asked.
      { cwd: projectFolder, encoding: "utf8", env: { ...process.env, KUBECONFIG: folder } },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual([existsSync(stale), existsSync(join(folder, "README.md"))], [false, true]);

    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
    const objects = files.map((file) => parse(readFileSync(join(folder, file), "utf8")));
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    for (const wanted of [
      "CustomResourceDefinition gateways.networking.istio.io",
      "Namespace demo",
      "Deployment istiod",
      "Deployment istio-ingressgateway",
      "MutatingWebhookConfiguration istio-sidecar-injector",
      "Deployment user-service",
      "VirtualService demo-vs",
      "StatefulSet prometheus",
    ]) {
      assert.ok(names.includes(wanted), `${wanted} in ${names.join(", ")}`);
    }
    const istiod = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "istiod");
    assert.equal(istiod.metadata.namespace, "istio-system");

    const secrets = files.filter((file) => /v1-secret-/.test(file));
    assert.ok(secrets.length > 0);
    secrets.forEach((file) => assert.ok(stderr.includes(`${file} holds a secret in plain text`), stderr));

    const said: string[] = [];
    const streams = {
      stdin: () => "",
      stdout: (text: string) => said.push(text),
      stderr: (text: string) => said.push(text),
    };
    const config = join(folder, "prod.yaml.settings");
    writeFileSync(config, "profile: prod\n");
    assert.equal(
      meshCheck(["--fail-on-empty", "--level", "advisory", "--config", config, folder], streams),
      0,
      said.join(""),
    );
  });

  it("writes routes of the Gateway API and its definitions, which mesh-check finds nothing in either", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        ...["--require", "./loader.cjs", "commands/render.ts", folder, "--stack", "dev"],
        ...["--config", "ingressApi=gateway", "--config", "gatewaySelfSigned=true"],
      ],
      { cwd: projectFolder, encoding: "utf8", env: { ...process.env, KUBECONFIG: folder } },
    );
    assert.equal(status, 0, stderr);
    const read = (name: string) =>
      parse(readFileSync(join(folder, name), "utf8")) as {
        apiVersion: string;
        kind: string;
        metadata: { name: string };
      };
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
    const ofGatewayApi = files.map(read).filter(({ apiVersion }) => /^gateway\.networking/.test(apiVersion));
    assert.deepEqual(ofGatewayApi.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), [
      "Gateway demo-gateway",
      "HTTPRoute demo-https.redirect",
      "HTTPRoute demo-payment",
      "HTTPRoute demo-user",
      "HTTPRoute demo-user-orders-0711f3",
    ]);
    assert.equal(files.filter((file) => /gateway\.networking\.k8s\.io\.yaml$/.test(file)).length, 4, files.join());

    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const streams = { stdin: () => "", stdout: say, stderr: say };
    assert.equal(meshCheck(["--fail-on-empty", "--level", "advisory", folder], streams), 0, said.join(""));
  });
});
