import assert from "node:assert/strict";
import type { Kubeconfig } from "../../stacks/kubeconfig";
import type { AgreeOptions } from "./agreeToMake";
import { agreeToMake } from "./agreeToMake";
import { NoClusterError } from "./noCluster";
import type { Target } from "./target";

const sandbox: Target = { kind: "sandbox", why: "there is no other" };
const kind: Target = { kind: "made", tool: "kind", known: false, why: "kind is installed" };

const kubeconfig: Kubeconfig = {
  contexts: ["docker-desktop", "prod-eu"],
  minikubeContexts: [],
  servers: { "docker-desktop": "https://127.0.0.1:6443", "prod-eu": "https://k8s.example.com" },
};
const nothing: Kubeconfig = { contexts: [], minikubeContexts: [], servers: {} };

describe("a cluster that has to be made", () => {
  /** @param answers What a person says to each question; there are no others. */
  function agree(
    target: Target,
    {
      answers = [] as boolean[],
      around = nothing,
      yes = false,
      ...more
    }: Partial<AgreeOptions> & {
      answers?: boolean[];
      around?: Kubeconfig;
      yes?: boolean;
    } = {},
    isSandboxAsked = false,
  ) {
    const asked: string[] = [];
    const said: string[] = [];
    const agreed = agreeToMake(
      target,
      around,
      { yes, sandbox: isSandboxAsked },
      {
        ask: () => Promise.resolve(undefined),
        log: (line) => said.push(line),
        confirm: (question) => {
          asked.push(question);
          const answer = answers.shift();
          assert.ok(answer !== undefined, `no answer to: ${question}`);
          return Promise.resolve(answer);
        },
        isBuilt: false,
        problems: () => [],
        ...more,
      },
    );
    return { agreed, asked, said };
  }

  it("is none if it is there, or built already", async () => {
    const there: Target[] = [
      { kind: "context", context: "a", why: "--context" },
      { ...kind, known: true },
    ];
    for (const target of there) {
      assert.equal(await agree(target, { around: kubeconfig }).agreed, target);
    }
    assert.equal(await agree(sandbox, { isBuilt: true, around: kubeconfig }).agreed, sandbox);
  });

  it("is built after a question, and not if the answer is no", async () => {
    const { agreed, asked } = agree(sandbox, { answers: [true] });
    assert.equal(await agreed, sandbox);
    assert.match(asked.join(), /^Build a kind cluster \(there is no other\)\? The first time takes 10 to 30 minutes/);
    await assert.rejects(agree(sandbox, { answers: [false] }).agreed, (error: Error) => {
      assert.ok(error instanceof NoClusterError);
      assert.match(error.message, /no cluster was agreed on: there is no other[^]*npm start -- --yes$/);
      return true;
    });
    const named: Target = { kind: "sandbox", why: "--sandbox" };
    await assert.rejects(agree(named, { answers: [false] }, true).agreed, /npm start -- --sandbox --yes$/);
  });

  it("is built without a question with --yes, and that is said", async () => {
    const { agreed, asked, said } = agree(sandbox, { yes: true, around: kubeconfig });
    assert.equal(await agreed, sandbox);
    assert.deepEqual(asked, []);
    assert.match(
      said.join("\n"),
      /a cluster of Docker Desktop runs here, too[^]*a kind cluster is built: the first time/,
    );
  });

  it("is not built where it cannot be, with the reasons and what runs here", async () => {
    const problems = () => [{ cause: "Go is missing", fix: "install it" }];
    const { agreed, asked } = agree(sandbox, { yes: true, problems, around: kubeconfig });
    await assert.rejects(agreed, (error: Error) => {
      assert.ok(error instanceof NoClusterError);
      assert.match(
        error.message,
        /none can be built here: there is no other\n {2}Go is missing: install it\n {2}or use the one of Docker/,
      );
      return true;
    });
    assert.deepEqual(asked, []);
  });

  it("gives way to one that runs here, if a person agrees", async () => {
    const { agreed, asked } = agree(kind, { around: kubeconfig, answers: [true] });
    assert.deepEqual(await agreed, {
      ...{ kind: "context", context: "docker-desktop" },
      why: "the cluster of Docker Desktop on this machine",
    });
    assert.deepEqual(asked, ["Use the cluster of Docker Desktop that runs here (context docker-desktop)?"]);
  });

  it("gives way to none that does not answer, or where the embedded one is asked for", async () => {
    const silent = agree(sandbox, { around: kubeconfig, answers: [true], ask: () => Promise.resolve("no answer") });
    assert.equal(await silent.agreed, sandbox);
    assert.equal(silent.asked.length, 1);
    const named = agree(sandbox, { around: kubeconfig, answers: [true] }, true);
    assert.equal(await named.agreed, sandbox);
    assert.match(named.asked.join(), /^Build/);
  });
});
