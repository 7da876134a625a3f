import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { metricsKustomization, podNetworkManifest, storageManifest } from "./addonManifests";

describe("podNetworkManifest", () => {
  const manifest = podNetworkManifest(
    [
      'kind: ConfigMap\ndata:\n  cni-conf.json: |\n    { "name": "n", "plugins": [{ "type": "bridge" }] }',
      "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers: [{ name: a, image: x, imagePullPolicy: Always }]\n" +
        "      initContainers: [{ name: b, image: x }]",
    ].join("\n---\n"),
    "sandbox.local/kube-router:v1",
  );
  const [config, daemons] = parseAllDocuments(manifest).map((document) => document.toJS());

  it("uses the image that is on the node, and never pulls it", () => {
    const { containers, initContainers } = daemons.spec.template.spec;
    for (const container of [...containers, ...initContainers]) {
      assert.equal(container.image, "sandbox.local/kube-router:v1");
      assert.equal(container.imagePullPolicy, "IfNotPresent");
    }
  });

  it("adds the plugin that publishes the ports of pods", () => {
    const { plugins } = JSON.parse(config.data["cni-conf.json"]);
    assert.deepEqual(
      plugins.map(({ type }: { type: string }) => type),
      ["bridge", "portmap"],
    );
  });
});

describe("storageManifest", () => {
  const source = [
    "package nodeimage",
    'const storageHelperImage = "h"',
    "const defaultStorageManifest = `",
    "image: ` + storageProvisionerImage + `",
    "- ` + storageHelperImage + `",
    "`",
    "",
  ].join("\n");

  it("is the one in kind's source, with our images", () => {
    const images = { provisioner: "p:1", helper: "h:1" };
    assert.equal(storageManifest(source, images), "\nimage: p:1\n- h:1\n");
  });

  it("says what to do when kind's source has another form", () => {
    const other = source.replace("storageHelperImage + `\n`", "somethingElse + `\n`");
    assert.throws(() => storageManifest(other, { provisioner: "p", helper: "h" }), /adapt storageManifest/);
    assert.throws(() => storageManifest("package nodeimage", { provisioner: "p", helper: "h" }), /const_storage\.go/);
  });
});

describe("metricsKustomization", () => {
  it("puts our image and the flag for kind's kubelets over metrics-server's own manifests", () => {
    const { resources, images, patches } = parse(metricsKustomization("base", { name: "sandbox.local/m", tag: "v1" }));
    assert.deepEqual(resources, ["base"]);
    assert.deepEqual([images[0].newName, images[0].newTag], ["sandbox.local/m", "v1"]);
    assert.equal(parse(patches[0].patch)[0].value, "--kubelet-insecure-tls");
  });
});
