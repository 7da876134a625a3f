import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import * as yaml from "yaml";
import { lineOf, parse } from "./yaml";

function read(text: string): unknown {
  const parsed = parse(text);
  assert.ok("value" in parsed, JSON.stringify(parsed));
  return parsed.value;
}

describe("parse", () => {
  it("reads what another parser reads", () => {
    const word = fc.oneof(
      fc.constantFrom("a", "true", "~", "1.5", "x: y", "- z", "#c", "", "1e3", "0x1F", "a #b", "yes"),
      fc.string(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, word, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
      list: fc.array(tie("value"), { maxLength: 4 }),
      map: fc.dictionary(word, tie("value"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value, fc.boolean(), (data, indentSeq) => {
        const text = stringify(data, { indentSeq, lineWidth: 0 });
        assert.deepEqual(read(text), yaml.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  for (const text of [
    "a:\n- 1\n-  b: 2\n   c: 3\n- - x\n  - y\nd: |\n  one\n\n  two\ne: |-\n  last\n",
    'a: "quoted # text"   # comment\nb: {c: 1, "d": [e, f]}\r\ng: \'h\'\r\n',
    "# comment only\n",
    "a: &anchor {b: 1}\nc: *anchor\nd:\n  <<: *anchor\n",
    "a: >\n  folded\n  text\nb: multi\n  line\n",
    '{"json": [1, 2, {"x": null}], "y": "a\\nb"}',
    "a:\n\n  # comment\n  b: 1\nc:   \n",
    "'a b': 1\n\"c\": 2\n",
  ]) {
    it(`reads ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.deepEqual(read(text) ?? null, yaml.parse(text, { merge: true }));
    });
  }

  it("reads a quoted text that goes on at the indentation of its parent, as kubectl does", () => {
    assert.deepEqual(read("data:\n  text: 'one\n  two'\n"), { data: { text: "one two" } });
  });

  it("reads a document of 200,000 keys in seconds", () => {
    const keys = Array.from({ length: 200_000 }, (_, i) => `key${i}: value`);
    const start = process.cpuUsage().user;
    const value = read(keys.join("\n")) as Record<string, string>;
    assert.equal(Object.keys(value).length, 200_000);
    assert.equal(lineOf(keys.join("\n"), 1, ["key199999"]), 200_000);
    assert.ok(process.cpuUsage().user - start < 5_000_000);
  });

  it("gives the line of an error", () => {
    assert.deepEqual(parse("a: 1\nb: [1\nc: 2\n", 10), {
      error: (parse("a: 1\nb: [1\nc: 2\n") as { error: string }).error,
      line: (parse("a: 1\nb: [1\nc: 2\n") as { line: number }).line + 9,
    });
    assert.ok("error" in parse("a: 1\na: 2\n"), "a key twice");
    assert.ok("error" in parse("a: b: c\n"), "a map in a line");
    assert.ok("error" in parse("\ta: 1\n"), "a tab");
  });

  it("refuses to follow too many aliases", () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef", "fg"].map((pair) => [...pair])) {
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(",")}]`);
    }
    const parsed = parse(bomb.join("\n"));
    assert.ok("error" in parsed);
    assert.match(parsed.error, /alias/i);
  });

  it("survives deep nesting", () => {
    assert.ok("error" in parse("[".repeat(100_000)));
  });
});

describe("lineOf", () => {
  const text = "# comment\nkind: A\nspec:\n  list:\n  - a: 1\n    b: 2\n  - c: 3\n";

  it("finds fields", () => {
    assert.equal(lineOf(text, 1, ["kind"]), 2);
    assert.equal(lineOf(text, 1, ["spec", "list", 0, "b"]), 6);
    assert.equal(lineOf(text, 11, ["spec", "list", 1]), 17);
  });

  it("takes the deepest part that is there", () => {
    assert.equal(lineOf(text, 1, ["spec", "list", 1, "d", "e"]), 7);
    assert.equal(lineOf(text, 1, ["gone"]), 2);
  });

  it("finds them in documents outside the subset, too", () => {
    assert.equal(lineOf("a: &x 1\nb:\n  c: *x\n", 1, ["b", "c"]), 3);
    assert.equal(lineOf('{\n"a": [1,\n{"b": 2}]}', 1, ["a", 1, "b"]), 3);
  });
});
