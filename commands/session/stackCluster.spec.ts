import assert from "node:assert/strict";
import type { ObjectRef } from "../../cluster/kubeClient";
import { checkCluster, compareClusters, forgetCluster, parseIdentity, rememberCluster } from "./stackCluster";

const here = { uid: "1-1", context: "kind-sidecar-mesh" };

/** A stack that has a tag. */
class FakeStack {
  readonly name = "dev";

  /** How often a tag was set or removed. */
  changes = 0;

  /** @param context Of the provider in its state. Default: it has no state. */
  constructor(
    public value: string | undefined,
    private readonly context?: string,
  ) {}

  export = () => {
    const inputs = { context: this.context };
    const resources = [
      { urn: "a", type: "pulumi:pulumi:Stack" },
      { urn: "b", type: "pulumi:providers:kubernetes", inputs },
    ];
    return Promise.resolve({ version: 3, deployment: this.context === undefined ? null : { resources } });
  };
  tag = (name: string) => Promise.resolve(name === "sidecar-mesh:cluster" ? this.value : undefined);
  setTag = (name: string, value: string | undefined) => {
    assert.equal(name, "sidecar-mesh:cluster");
    this.changes++;
    return Promise.resolve(void (this.value = value));
  };
}

function check(value: string | undefined, ownCluster = false, context?: string) {
  const stack = new FakeStack(value, context);
  const client = {
    get: (ref: ObjectRef) => {
      assert.deepEqual(ref, { apiVersion: "v1", kind: "Namespace", name: "kube-system" });
      return Promise.resolve({ metadata: { uid: here.uid } });
    },
  };
  return { stack, checked: checkCluster(stack, client, { context: here.context, ownCluster }) };
}

describe("the cluster of a stack", () => {
  it("is the one that it was applied to first", async () => {
    const { stack, checked } = check(undefined);
    assert.deepEqual(await checked, { cluster: here, match: "none yet" });
    await rememberCluster(stack, here);
    assert.deepEqual(parseIdentity(stack.value), here);
    assert.deepEqual(await check(stack.value).checked, { cluster: here, match: "same" });
    assert.equal(compareClusters(here, { ...here, context: "renamed" }, false), "same");
  });

  it("is refused if it is another one, with both named and the fix", async () => {
    const { checked } = check("2-2 production");
    await assert.rejects(checked, (error: Error) => {
      assert.match(error.message, /stack dev was applied to another cluster; nothing was changed/);
      assert.match(error.message, /its cluster: context production, UID of kube-system 2-2/);
      assert.match(error.message, /this cluster: context kind-sidecar-mesh, UID of kube-system 1-1/);
      assert.match(error.message, /--context[^]*--stack[^]*pulumi stack rm dev --force/);
      assert.equal(error.message.split("\n  ").length, 4);
      return true;
    });
  });

  it("is that of its state's provider, where the CLI alone has applied it", async () => {
    assert.equal((await check(undefined, false, "kind-sidecar-mesh").checked).match, "none yet");
    await assert.rejects(check(undefined, true, "production").checked, (error: Error) => {
      assert.match(error.message, /applied to another cluster[^]*its cluster: context production\n.*this cluster: /);
      return true;
    });
    // What it remembers counts before: a context may have been renamed.
    assert.equal((await check("1-1 old", false, "old").checked).match, "same");
  });

  it("is refused under the same name, too, unless this project made it", async () => {
    await assert.rejects(check("2-2 kind-sidecar-mesh").checked, /another cluster/);
  });

  it("is a new one under a known name, if this project's own was made anew", async () => {
    assert.deepEqual(await check("2-2 kind-sidecar-mesh", true).checked, { cluster: here, match: "made anew" });
    await assert.rejects(check("2-2 production", true).checked, /another cluster/);
  });

  it("has to show who it is", async () => {
    for (const namespace of [undefined, {}, { metadata: {} }]) {
      const client = { get: () => Promise.resolve(namespace) };
      const checkedAgain = checkCluster(new FakeStack(undefined), client, { ...here, ownCluster: false });
      await assert.rejects(checkedAgain, /context kind-sidecar-mesh: the namespace kube-system has no UID/);
    }
  });

  it("is forgotten with what was in it", async () => {
    const stack = new FakeStack("1-1 kind-sidecar-mesh");
    await forgetCluster(stack);
    assert.deepEqual([stack.value, stack.changes], [undefined, 1]);
    // The CLI refuses to remove a tag that is not there.
    await forgetCluster(stack);
    assert.equal(stack.changes, 1);
  });

  it("keeps a context's name, whatever it has in it", async () => {
    const stack = new FakeStack(undefined);
    const named = { uid: "1-1", context: "arn:aws:eks:eu west/prod 1" };
    await rememberCluster(stack, named);
    assert.deepEqual(parseIdentity(stack.value), named);
    assert.equal(parseIdentity(""), undefined);
  });
});
