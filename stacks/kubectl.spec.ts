import assert from "node:assert/strict";
import { kubectlCommand } from "./kubectl";

describe("kubectlCommand", () => {
  it("names the cluster, and leaves out what is not known", () => {
    assert.equal(kubectlCommand({}), "kubectl");
    assert.equal(kubectlCommand({ context: "kind-a" }), "kubectl --context kind-a");
    assert.equal(
      kubectlCommand({ kubeconfig: "/home/me/kube", context: "arn:aws:eks:eu-west-1:1:cluster/a" }),
      "kubectl --kubeconfig /home/me/kube --context arn:aws:eks:eu-west-1:1:cluster/a",
    );
  });

  it("quotes what a shell would take apart", () => {
    assert.equal(kubectlCommand({ context: "it's mine; really" }), `kubectl --context 'it'\\''s mine; really'`);
  });
});
