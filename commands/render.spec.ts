import assert from "node:assert/strict";
import { UsageError } from "./shared/flags";
import { folderOf, isSecretManifest, parseRenderFlags } from "./render";

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

  it("puts definitions and namespaces before what needs them", () => {
    const crd = "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-gateways.networking.istio.io.yaml";
    assert.equal(folderOf(crd), "0-definitions");
    assert.equal(folderOf("1-manifest/v1-namespace-default-demo.yaml"), "1-namespaces");
    assert.equal(folderOf("1-manifest/v1-service-demo-v1-namespace-x.yaml"), "2-objects");
  });

  it("knows a manifest that is not for everyone to read", () => {
    const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  password: y\n";
    assert.ok(isSecretManifest(secret));
    assert.ok(!isSecretManifest(secret.replace("kind: Secret", "kind: ConfigMap")));
    assert.ok(!isSecretManifest(secret.replace(/stringData:[^]*/, "")));
  });
});
