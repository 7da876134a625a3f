import assert from "node:assert/strict";
import { describeDiff, diffDeclared } from "./declaredDiff";

const resource = (name: string, spec: unknown) => ({ type: "kubernetes:apps/v1:Deployment", name, props: { spec } });

describe("diffDeclared", () => {
  it("reports what was added, removed and changed, and in which field", () => {
    const before = [resource("a", { replicas: 1, args: ["x", "y"] }), resource("b", {}), resource("c", { port: 80 })];
    const after = [
      resource("d", {}),
      resource("c", { port: 80 }),
      resource("a", { replicas: 2, args: ["x"], paused: true }),
    ];
    assert.deepEqual(describeDiff(diffDeclared(before, after)), [
      "+ Deployment d",
      "- Deployment b",
      "~ Deployment a",
      "    spec.replicas: 1 => 2",
      '    spec.args[1]: "y" => (none)',
      "    spec.paused: (none) => true",
    ]);
  });

  it("finds no difference in the same declaration, whatever its order", () => {
    const a = resource("a", { x: { y: [1, { z: null }] } });
    const b = resource("b", {});
    assert.deepEqual(describeDiff(diffDeclared([a, b], [b, structuredClone(a)])), []);
  });

  it("distinguishes a list from an object", () => {
    assert.deepEqual(describeDiff(diffDeclared([resource("a", [])], [resource("a", { b: 1 })])).slice(1), [
      '    spec: [] => {"b":1}',
    ]);
  });

  it("shows of long values where they begin to differ", () => {
    const long = (word: string) => resource("a", { file: `${"x".repeat(500)} the ${word} ${"y".repeat(500)}` });
    const [, line = ""] = describeDiff(diffDeclared([long("old")], [long("new")]));
    assert.match(line, /^ {4}spec\.file: \.\.\.x+ the old y+\.\.\. => \.\.\.x+ the new y+\.\.\.$/);
    assert.ok(line.length < 220);
  });
});
