import assert from "node:assert/strict";
import type { Surroundings, Target } from "./target";
import { chooseTarget } from "./target";

const bare: Surroundings = {
  kubeconfig: { contexts: [], minikubeContexts: [], servers: {} },
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
    ["the sandbox by the name of its context", [{ sandbox: false, context: "sandbox" }, bare], { kind: "sandbox" }],
    [
      "the current context if it is local",
      [{ sandbox: false }, withCurrent("minikube")],
      { kind: "context", context: "minikube" },
    ],
    ["the sandbox if it is the current context", [{ sandbox: false }, withCurrent("sandbox")], { kind: "sandbox" }],
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
      "the named context `sandbox` of another machine for what it is",
      [{ sandbox: false, context: "sandbox" }, withCurrent("sandbox", "https://k8s.example.com")],
      { kind: "context", context: "sandbox" },
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
      "no cluster of somebody else's for one of ours by its name",
      [{ sandbox: false }, withContexts("prod-eu", { "sidecar-mesh": "https://k8s.example.com" })],
      { kind: "made", tool: "kind", known: false },
    ],
    ["the sandbox where there is nothing", [{ sandbox: false }, bare], { kind: "sandbox" }],
  ];
  for (const [title, args, expected] of cases) {
    it(`takes ${title}, and says why`, () => {
      const { why, ...target } = chooseTarget(...args);
      assert.deepEqual(target, expected);
      assert.ok(why.length > 0);
    });
  }
});
