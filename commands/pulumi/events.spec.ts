import assert from "node:assert/strict";
import { changesNothing, declaredResources, parseEventLog, type Step } from "./events";

const stackUrn = "urn:pulumi:dev::sidecar-mesh::pulumi:pulumi:Stack::sidecar-mesh-dev";

function step(op: string, type: string, name: string, inputs: object = {}, custom = true): Step {
  const urn = `urn:pulumi:dev::sidecar-mesh::${type}::${name}`;
  const state = { urn, type, custom, inputs } as Step["new"];
  return { op, urn, type, old: op === "create" ? null : state, new: op === "delete" ? null : state };
}

const pre = (metadata: Step) => ({ resourcePreEvent: { metadata } });
const stackEvent = (before: object, after: object) => ({
  resOutputsEvent: {
    metadata: {
      ...{ op: "same", urn: stackUrn, type: "pulumi:pulumi:Stack" },
      old: { urn: stackUrn, type: "", outputs: before },
      new: { urn: stackUrn, type: "", outputs: after },
    },
  },
});
const log = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

describe("Pulumi's event log", () => {
  it("returns steps, what the policies found, errors, and the stack's last outputs", () => {
    const report = parseEventLog(
      log(
        pre(step("create", "kubernetes:core/v1:Namespace", "demo")),
        stackEvent({}, {}),
        {
          policyEvent: {
            ...{ resourceUrn: "urn:x", policyName: "images-pinned", enforcementLevel: "advisory" },
            message: "Images are pinned.\nDeployment demo/a: image: it has no tag\n",
          },
        },
        { diagnosticEvent: { message: "seldom read\n", severity: "debug" } },
        { diagnosticEvent: { message: "it fails\n", severity: "error" } },
        stackEvent({ url: "a" }, { url: "b" }),
      ),
    );
    assert.deepEqual(
      report.steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`),
      ["create demo"],
    );
    assert.deepEqual(report.violations, [
      {
        ...{ policy: "images-pinned", level: "advisory", urn: "urn:x" },
        message: "Images are pinned.\nDeployment demo/a: image: it has no tag",
      },
    ]);
    assert.deepEqual(report.errors, ["it fails"]);
    assert.deepEqual(report.outputs, { url: "b" });
    assert.equal(report.outputsChange, true);
    assert.notDeepEqual(report.outputsBefore, report.outputs);
  });

  it("is empty for a CLI that ended before it wrote one", () => {
    assert.deepEqual(parseEventLog("").steps, []);
  });
});

describe("an update", () => {
  const same = step("same", "kubernetes:core/v1:Namespace", "demo");
  const cases: [string, Step[], boolean, boolean][] = [
    ["changes nothing if all is the same", [same, step("read", "kubernetes:core/v1:Service", "x")], false, true],
    ["changes something if an output does", [same], true, false],
    ...["create", "update", "delete", "replace", "refresh", "import"].map((op): [string, Step[], boolean, boolean] => [
      `changes something with a step ${op}`,
      [same, step(op, "kubernetes:core/v1:Service", "a")],
      false,
      false,
    ]),
  ];
  for (const [title, steps, outputsChange, expected] of cases) {
    it(title, () => assert.equal(changesNothing({ steps, outputsChange }), expected));
  }
});

describe("the resources of a preview", () => {
  it("are those that the program declares, with their inputs: no component, no provider, nothing that goes", () => {
    const inputs = { metadata: { name: "demo" } };
    const steps = [
      step("create", "sidecar-mesh:index:MeshService", "user", {}, false),
      step("create", "pulumi:providers:kubernetes", "cluster"),
      step("create", "kubernetes:core/v1:Namespace", "demo", inputs),
      step("delete", "kubernetes:core/v1:Service", "old"),
      step("read", "kubernetes:core/v1:Service", "gateway"),
    ];
    assert.deepEqual(declaredResources({ steps }), [
      { type: "kubernetes:core/v1:Namespace", name: "demo", props: inputs },
    ]);
  });
});
