import assert from "node:assert/strict";
import type { Surroundings, Target } from "./target";
import { chooseTarget } from "./target";

const bare: Surroundings = {
  kubeconfig: { contexts: [], minikubeContexts: [], servers: {} },
  embedded: false,
  tools: { kind: false, minikube: false },
};
const withCurrent = (current: string, server?: string): Surroundings => ({
  ...bare,
  kubeconfig: { current, contexts: [current], minikubeContexts: [], servers: server ? { [current]: server } : {} },
  tools: { kind: true, minikube: true },
});
const withContexts = (current: string, servers: Record<string, string>): Surroundings => ({
  ...withCurrent(current),
  kubeconfig: {
    current,
    contexts: [current, ...Object.keys(servers)],
    minikubeContexts: Object.keys(servers),
    servers,
  },
});

describe("chooseTarget", () => {
  const cases: [string, Parameters<typeof chooseTarget>, Partial<Target>][] = [
    [
      "--sandbox before all else",
      [{ sandbox: true }, { ...withCurrent("kind-a"), configContext: "b" }],
      { kind: "sandbox" },
    ],
    [
      "--context before config",
      [
        { sandbox: false, context: "a" },
        { ...bare, configContext: "b" },
      ],
      { kind: "context", context: "a" },
    ],
    [
      "config before the current context",
      [{ sandbox: false }, { ...withCurrent("kind-a"), configContext: "b" }],
      { kind: "context", context: "b" },
    ],
    [
      "the embedded cluster by its kubeconfig and context",
      [{ sandbox: false }, { ...withCurrent("kind-sidecar-mesh"), embedded: true }],
      { kind: "sandbox" },
    ],
    [
      "the embedded cluster by the config of its stack, before it was made",
      [{ sandbox: false }, { ...bare, embedded: true, configContext: "kind-sidecar-mesh" }],
      { kind: "sandbox" },
    ],
    [
      "another context of a kubeconfig that has the embedded cluster as well",
      [
        { sandbox: false, context: "kind-a" },
        { ...withCurrent("kind-sidecar-mesh"), embedded: true },
      ],
      { kind: "context", context: "kind-a" },
    ],
    [
      "a user's own cluster of that name for what it is",
      [{ sandbox: false }, withCurrent("kind-sidecar-mesh", "https://127.0.0.1:40001")],
      { kind: "context", context: "kind-sidecar-mesh" },
    ],
    [
      "the current context if it is local",
      [{ sandbox: false }, withCurrent("minikube")],
      { kind: "context", context: "minikube" },
    ],
    [
      "kind rather than a remote current context",
      [{ sandbox: false }, withCurrent("prod-eu")],
      { kind: "made", tool: "kind", known: false },
    ],
    [
      "kind rather than another machine's cluster with a local name",
      [{ sandbox: false }, withCurrent("kind-a", "https://k8s.example.com")],
      { kind: "made", tool: "kind", known: false },
    ],
    [
      "minikube where there is no kind",
      [{ sandbox: false }, { ...bare, tools: { kind: false, minikube: true } }],
      { kind: "made", tool: "minikube", known: false },
    ],
    [
      "the cluster that was made before, rather than make one with another tool",
      [{ sandbox: false }, withContexts("prod-eu", { "sidecar-mesh": "https://192.168.49.2:8443" })],
      { kind: "made", tool: "minikube", known: true },
    ],
    [
      "no foreign cluster that has the name of ours",
      [{ sandbox: false }, withContexts("prod-eu", { "sidecar-mesh": "https://k8s.example.com" })],
      { kind: "made", tool: "kind", known: false },
    ],
    ["the sandbox where there is nothing", [{ sandbox: false }, bare], { kind: "sandbox" }],
  ];
  it("says by what a cluster was chosen", () => {
    const why = (...args: Parameters<typeof chooseTarget>) => chooseTarget(...args).why;
    assert.equal(why({ sandbox: false, context: "a" }, { ...bare, configContext: "b" }), "--context");
    assert.equal(why({ sandbox: false }, { ...bare, configContext: "b" }), "kubeContext in the stack's config");
    assert.match(why({ sandbox: false }, bare), /^the kubeconfig has no current context, and neither kind/);
    assert.match(why({ sandbox: false }, { ...bare, tools: undefined }), /, and it has no cluster of ours$/);
    assert.match(
      why({ sandbox: false }, withCurrent("prod-eu")),
      /^the current context prod-eu is not local, and kind/,
    );
  });

  for (const [title, args, expected] of cases) {
    it(`takes ${title}, and says why`, () => {
      const { why, ...target } = chooseTarget(...args);
      assert.deepEqual(target, expected);
      assert.ok(why.length > 0);
    });
  }
});
