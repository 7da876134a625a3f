import assert from "node:assert/strict";
import { fieldChanges, shownPair } from "./fieldChanges";

describe("fieldChanges", () => {
  const paths = (before: unknown, after: unknown) =>
    fieldChanges(before, after).map((one) => [one.path, ...shownPair(one.before, one.after)]);

  it("names each field that differs, with what was and what is", () => {
    const before = { spec: { replicas: 1, args: ["x", "y"] } };
    const after = { spec: { replicas: 2, args: ["x"], paused: true } };
    assert.deepEqual(paths(before, after), [
      ["spec.replicas", "1", "2"],
      ["spec.args[1]", '"y"', "(none)"],
      ["spec.paused", "(none)", "true"],
    ]);
  });

  it("finds no difference in the same value, whatever its order", () => {
    const value = { x: { y: [1, { z: null }] }, a: 1 };
    assert.deepEqual(paths(value, { a: 1, x: structuredClone(value.x) }), []);
  });

  it("compares items of a list by their names, if all have one", () => {
    const before = { containers: [{ name: "a", image: "a:1" }, { name: "b" }] };
    const after = { containers: [{ name: "c" }, { name: "a", image: "a:2" }] };
    assert.deepEqual(
      paths(before, after).map(([path]) => path),
      ["containers[a].image", "containers[b]", "containers[c]"],
    );
    const twice = { ports: [{ name: "a" }, { name: "a" }] };
    assert.deepEqual(
      paths(twice, { ports: [{ name: "a" }, { name: "b" }] }).map(([path]) => path),
      ["ports[1].name"],
    );
  });

  it("distinguishes a list from an object", () => {
    assert.deepEqual(paths({ spec: [] }, { spec: { b: 1 } }), [["spec", "[]", '{"b":1}']]);
  });

  it("shows of long values where they begin to differ", () => {
    const long = (word: string) => `${"x".repeat(500)} the ${word} ${"y".repeat(500)}`;
    const [before, after] = shownPair(long("old"), long("new"));
    assert.match(before, /^\.\.\.x+ the old y+\.\.\.$/);
    assert.match(after, /^\.\.\.x+ the new y+\.\.\.$/);
    assert.ok(before.length < 110);
  });
});
