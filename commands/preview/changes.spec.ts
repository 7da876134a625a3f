import assert from "node:assert/strict";
import { changesOf, countChanges, describeChanges } from "./changes";
import { stateAsApplied, unknownText } from "../pulumi/appliedState";
import type { StateResource, Step } from "../pulumi/events";
import { sourcePlaces } from "../pulumi/sourcePlaces";

const type = "kubernetes:apps/v1:Deployment";
const state = (name: string, spec: object, more: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:dev::p::${type}::${name}`,
  type,
  custom: true,
  inputs: { metadata: { name, namespace: "demo" }, spec },
  ...more,
});
const step = (op: string, old: StateResource | null, now: StateResource | null, keys?: string[]): Step => ({
  ...{ op, urn: (now ?? old)!.urn, type: (now ?? old)!.type, old, new: now },
  ...(keys && { keys }),
});

describe("changesOf", () => {
  it("takes a replacement as one change, and names the fields that force it", () => {
    const [old, now] = [
      state("a", { replicas: 1, selector: { app: "a" } }),
      state("a", { replicas: 2, selector: { app: "b" } }),
    ];
    const keys = ["spec.selector.app"];
    const changes = changesOf([
      step("create-replacement", old, now, keys),
      step("replace", old, now, keys),
      step("delete-replaced", old, null),
    ]);
    assert.deepEqual(describeChanges(changes), [
      "+- Deployment demo/a",
      "    spec.replicas: 1 => 2",
      '    spec.selector.app: "a" => "b" (replaces it)',
    ]);
  });

  it("sorts by title, and counts", () => {
    const changes = changesOf([
      step("same", state("s", {}), state("s", {})),
      step("update", state("c", { replicas: 1 }), state("c", { replicas: 2 })),
      step("delete", state("b", {}), null),
      step("create", null, state("a", {})),
    ]);
    assert.deepEqual(describeChanges(changes), [
      "+ Deployment demo/a",
      "- Deployment demo/b",
      "~ Deployment demo/c",
      "    spec.replicas: 1 => 2",
    ]);
    assert.equal(countChanges(changes), "1 to create, 1 to update, 0 to replace, 1 to delete");
  });

  it("leaves out what differs in nothing that is known, and components and providers", () => {
    const unknown = state("a", { hash: unknownText });
    assert.deepEqual(changesOf([step("replace", unknown, unknown, ["spec.hash"])]), []);
    const component = { ...state("b", {}), custom: false };
    const provider = { ...state("c", {}), type: "pulumi:providers:kubernetes" };
    assert.deepEqual(changesOf([step("create", null, component), step("create", null, provider)]), []);
  });

  it("takes what is replaced for an unknown value alone as an update", () => {
    const [old, now] = [state("a", { hash: unknownText, replicas: 1 }), state("a", { hash: unknownText, replicas: 2 })];
    assert.equal(changesOf([step("replace", old, now, ["spec.hash"])])[0]!.op, "update");
  });
});

describe("stateAsApplied", () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

  it("has ids, a provider that is known, and secrets that can be read", () => {
    const provider = `urn:p::${unknownText}`;
    const hidden = { ...state("a", { password: { ...secret, ciphertext: "[secret]" } }), provider };
    const [one] = stateAsApplied([step("create", null, hidden), step("read", null, hidden)]) as (StateResource & {
      id: string;
    })[];
    assert.deepEqual(one!.inputs!.spec, { password: { ...secret, plaintext: '"[secret]"' } });
    assert.deepEqual(one!.outputs!.__inputs, one!.inputs);
    assert.ok(one!.id !== "" && !one!.provider!.includes(unknownText));
  });

  it("has what a release was given last as a secret, as the provider keeps it", () => {
    const release = { ...state("a", {}), type: "kubernetes:helm.sh/v3:Release", inputs: { chart: "base" } };
    const [one] = stateAsApplied([step("create", null, release)]);
    assert.deepEqual(one!.outputs!.__inputs, { ...secret, plaintext: '{"chart":"base"}' });
  });
});

describe("sourcePlaces", () => {
  const printed = (...traces: [urn: string, ...positions: string[]][]) =>
    JSON.stringify({
      steps: [
        ...traces.map(([urn, ...positions]) => ({
          newState: { urn, stackTrace: positions.map((one) => ({ sourcePosition: `project:///${one},10` })) },
        })),
        {},
      ],
    });

  it("names the first place in the project that is no helper", () => {
    const traces = printed(
      ["urn:a", "components/istioApi/gateway.ts#2", "components/ingressRoutes.ts#30", "index.ts#4"],
      ["urn:b", "node_modules/@pulumi/pulumi/resource.js#1"],
      ["urn:c", "../elsewhere.ts#1", "index.ts#5"],
    );
    assert.deepEqual(
      sourcePlaces(traces, () => "const a = new Deployment("),
      {
        "urn:a": "components/ingressRoutes.ts:30",
        "urn:c": "index.ts:5",
      },
    );
  });

  it("leaves out a line that declares nothing, and one that is not there", () => {
    const traces = printed(["urn:a", "index.ts#1"], ["urn:b", "index.ts#100000"], ["urn:c", "none.ts#1"]);
    assert.deepEqual(sourcePlaces(traces), { "urn:a": "index.ts", "urn:b": "index.ts", "urn:c": "none.ts" });
  });
});
