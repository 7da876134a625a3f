import assert from "node:assert/strict";
import type { Surroundings, Target } from "./target";
import { chooseTarget } from "./target";

const bare: Surroundings = {
  kubeconfig: { contexts: [], minikubeContexts: [], servers: {} },
  tools: { kind: false, minikube: false },
};
const withCurrent = (current: string): Surroundings => ({
  ...bare,
  kubeconfig: { current, contexts: [current], minikubeContexts: [], servers: {} },
  tools: { kind: true, minikube: true },
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
      { kind: "create", tool: "kind" },
    ],
    [
      "minikube where there is no kind",
      [{ sandbox: false }, { ...bare, tools: { kind: false, minikube: true } }],
      { kind: "create", tool: "minikube" },
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
