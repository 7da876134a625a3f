import assert from "node:assert/strict";
import { stringify } from "yaml";
import { UsageError } from "./shared/flags";
import { parseImagesFlags } from "./images/images";
import { folderOf, isSecretManifest, objectsWithSecrets, parseRenderFlags } from "./render";

describe("npm run render", () => {
  it("wants one folder, and no file in its place", () => {
    assert.equal(parseRenderFlags(["out", "--stack", "prod"]).folder, "out");
    assert.equal(parseRenderFlags(["--help"]).help, true);
    for (const [argv, said] of [
      [[], /name one folder/],
      [["a", "b"], /b is one too many/],
      [[__filename], /is a file/],
      [["out", "-c", "x"], /key=value/],
    ] as const) {
      assert.throws(
        () => parseRenderFlags(argv),
        (error) => error instanceof UsageError && said.test(error.message),
      );
    }
  });

  it("knows the stack, as npm run images does: without its file it would be another one, with the defaults", () => {
    for (const parse of [(argv: string[]) => parseRenderFlags(["out", ...argv]), parseImagesFlags]) {
      assert.equal(parse(["--stack", "prod"]).stack, "prod");
      assert.throws(
        () => parse(["--stack", "production"]),
        (error) => error instanceof UsageError && /--stack production: there is no Pulumi\./.test(error.message),
      );
    }
  });

  it("puts definitions and namespaces before what needs them", () => {
    const crd = "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-gateways.networking.istio.io.yaml";
    assert.equal(folderOf(crd), "0-definitions");
    assert.equal(folderOf("1-manifest/v1-namespace-default-demo.yaml"), "1-namespaces");
    assert.equal(folderOf("1-manifest/v1-service-demo-v1-namespace-x.yaml"), "2-objects");
  });

  it("knows a manifest that is not for everyone to read", () => {
    const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  password: y\n";
    const none = new Set<string>();
    assert.ok(isSecretManifest(secret, none));
    assert.ok(!isSecretManifest(secret.replace("kind: Secret", "kind: ConfigMap"), none));
    assert.ok(!isSecretManifest(secret.replace(/stringData:[^]*/, ""), none));
    assert.ok(!isSecretManifest("", none));
  });

  it("knows another object that holds a secret, such as a variable that is encrypted in the stack's file", () => {
    const deployment = (name: string, value: string) => {
      const metadata = { name, namespace: "demo" };
      const inputs = { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { env: [{ name: "TOKEN", value }] } };
      return { urn: name, type: "kubernetes:apps/v1:Deployment", inputs };
    };
    const step = (name: string, value: string) => {
      const resource = deployment(name, value);
      return { op: "create", urn: name, type: resource.type, old: null, new: resource };
    };
    const steps = [step("a", "[secret]"), step("b", "plain"), { ...step("c", ""), new: null }];
    const secrets = objectsWithSecrets({ steps });
    assert.ok(isSecretManifest(stringify(deployment("a", "hunter2").inputs), secrets));
    assert.ok(!isSecretManifest(stringify(deployment("b", "plain").inputs), secrets));
  });
});
