import assert from "node:assert/strict";
import { parseDoctorFlags } from "./doctor";
import type { MachineFacts, PurposeName } from "./doctorJudgement";
import { describePurposes, isFit, isReady, judgeMachine } from "./doctorJudgement";
import { UsageError } from "../shared/flags";

/** A machine on which all is there. */
const whole: MachineFacts = {
  node: "22.20.0",
  packages: "installed",
  versions: {
    pulumi: "v3.265.0\n",
    kubectl: "Client Version: v1.36.3",
    kind: "kind v0.31.0 go1.25",
    minikube: "v1.38.0",
    go: "go version go1.26.8 linux/amd64",
  },
  containers: true,
  sandboxRuns: false,
  sandboxProblems: [],
  istioSupport: { state: "supported", text: "Istio 1.31 is supported" },
};
const without = (...names: (keyof MachineFacts["versions"])[]) => ({
  ...whole.versions,
  ...Object.fromEntries(names.map((name) => [name, undefined])),
});
const notReady = (facts: MachineFacts) =>
  judgeMachine(facts)
    .filter((purpose) => !isReady(purpose))
    .map(({ name }) => name);

describe("doctor", () => {
  it("has no complaint about a machine that has all", () => {
    assert.deepEqual(notReady(whole), []);
    assert.ok(judgeMachine(whole).every(({ needs }) => needs.every(({ state }) => state === "ok")));
  });

  const everything: PurposeName[] = ["tests", "preview", "sandbox", "kind", "minikube", "dashboards"];
  const cases: [string, Partial<MachineFacts>, PurposeName[], RegExp][] = [
    ["packages are missing", { packages: "missing" }, everything, /npm packages are missing\n +npm ci/],
    ["packages are outdated", { packages: "outdated" }, everything, /outdated\n +npm ci/],
    ["Node is too old", { node: "18.20.4" }, everything, /Node 18\.20\.4 is too old\n +install Node 22/],
    [
      "Node is older than asked for, but works",
      { node: "20.20.2" },
      [],
      /! +Node 20\.20\.2: @pulumi\/pulumi asks for 22/,
    ],
    ["there is no Pulumi CLI", { versions: without("pulumi") }, [], /! +no Pulumi CLI yet\n.*Go modules/],
    ["there is no kind", { versions: without("kind") }, ["kind"], /no kind\n +install it/],
    ["no container engine answers", { containers: false }, ["kind", "minikube"], /start Docker or Podman/],
    ["there is no kubectl", { versions: without("kubectl") }, ["dashboards"], /no kubectl/],
    [
      "there is no kubectl, but the embedded cluster's",
      { versions: without("kubectl"), sandboxRuns: true },
      [],
      /brings its own kubectl/,
    ],
    ["there is no Go", { versions: without("go") }, ["workflows"], /install Go 1\.26/],
    [
      "something keeps the embedded cluster from starting",
      { sandboxProblems: [{ cause: "not root", fix: "run it as root" }] },
      ["sandbox"],
      /missing +not root\n +run it as root/,
    ],
    [
      "Istio's default version is near the end of its support",
      { istioSupport: { state: "ends soon", text: "it ends in 9 days", fix: "go to a newer one" } },
      [],
      /ready {4} preview.*\n[^]*! +it ends in 9 days\n +go to a newer one/,
    ],
    ["the current context is remote", { remoteContext: "prod-eu" }, [], /npm start -- --context prod-eu/],
  ];
  for (const [title, change, expected, said] of cases) {
    it(`says so, and the fix, if ${title}`, () => {
      const facts = { ...whole, ...change };
      assert.deepEqual(notReady(facts), expected);
      assert.match(describePurposes(judgeMachine(facts)).join("\n"), said);
    });
  }

  it("finds a machine fit for all that is asked for, or for the tests and some cluster", () => {
    const bare = {
      ...whole,
      versions: without("kind", "minikube"),
      sandboxProblems: [{ cause: "macOS", fix: "kind" }],
    };
    const fit = (facts: MachineFacts, ...asked: PurposeName[]) => isFit(judgeMachine(facts), asked, facts);
    assert.ok(!fit(bare));
    assert.ok(fit(bare, "tests"));
    assert.ok(fit({ ...bare, localContext: "rancher-desktop" }));
    assert.ok(fit({ ...whole, versions: without("minikube") }));
    assert.ok(!fit({ ...whole, versions: without("minikube") }, "kind", "minikube"));
  });

  it("refuses a purpose that it does not know", () => {
    assert.deepEqual(parseDoctorFlags(["kind", "--json"]).purposes, ["kind"]);
    assert.throws(() => parseDoctorFlags(["k3s"]), UsageError);
  });
});
