import assert from "node:assert/strict";
import { z } from "zod";
import { ConfigReader } from "./configReader";
import { flag, item, key, listOf, oneOf, required, text, unnamed, variables, whole } from "./schema";

const shop = item({
  name: required(text, unnamed, "shop"),
  port: whole(1, 65535).default(8080),
  retries: item({ attempts: required(whole(0, 9), 2) }).optional(),
  env: variables.optional(),
}).refine(({ port }) => port !== 1, "port 1 breaks a rule");

const keys = {
  flag: key("A flag.", flag, false),
  level: key("A level.", oneOf(["low", "high"])),
  count: key("A count.", whole(1, 10), 3),
  shops: key("Shops.", listOf(shop), []),
  more: key("More.", item({ name: text.optional() })),
};

/** @returns the values that a config gives, and what is wrong with it. */
function read(raw: Record<string, unknown>) {
  const texts = Object.entries(raw).map(([name, v]) => [name, typeof v === "string" ? v : JSON.stringify(v)]);
  const reader = new ConfigReader(Object.fromEntries(texts) as Record<string, string>);
  const values = reader.read(keys);
  reader.rejectUnknownKeys(keys);
  return { values, problems: reader.problems.map(({ key, fix }) => `${key}: ${fix}`), reader };
}

describe("ConfigReader", () => {
  it("reads texts by the schemas of their keys", () => {
    const { values, problems } = read({ flag: "true", level: "low", count: "7", shops: [{ name: "a" }] });
    assert.deepEqual(problems, []);
    assert.deepEqual(values, {
      flag: true,
      level: "low",
      count: 7,
      shops: [{ name: "a", port: 8080 }],
      more: undefined,
    });
  });

  it("takes a key that is not set, empty or auto for its default", () => {
    const defaults = { flag: false, level: undefined, count: 3, shops: [], more: undefined };
    for (const raw of [{}, { flag: "", count: "" }, { flag: "auto", level: "auto", more: {} }]) {
      assert.deepEqual(read(raw), { ...read(raw), values: defaults, problems: [] });
    }
  });

  it("takes null within an object for not set, and refuses an unknown key that holds it", () => {
    assert.deepEqual(read({ shops: [{ name: "a", port: null }] }).values.shops, [{ name: "a", port: 8080 }]);
    assert.match(
      read({ shops: [{ name: "a", prt: null }] }).problems.join(),
      /^shops\[0\]\.prt: .*did you mean port\?/,
    );
  });

  it("notes all mistakes, and keeps what is right for the rules between keys", () => {
    const { values, problems } = read({
      level: "hihg",
      shops: [
        { port: "x", env: { A: "b", "C D": "e", F: 1 } },
        { name: "b", retries: { attemps: 1 } },
      ],
      prot: 1,
      port: 2,
    });
    assert.deepEqual(problems, [
      "level: use one of low, high; did you mean high?",
      "shops[0].name: has to be set, for example to shop",
      "shops[0].port: use a whole number from 1 to 65535",
      "shops[0].env.C D: use letters, digits and _ for the name of a variable",
      "shops[0].env.F: a variable is a text; quote it",
      "shops[1].retries.attemps: no such key; did you mean attempts?",
      "shops[1].retries.attempts: has to be set, for example to 2",
      "prot: no such key; remove it or correct its name",
      "port: no such key; it belongs into each item of shops",
    ]);
    assert.deepEqual(values.shops, [
      { name: unnamed, port: 8080, env: { A: "b" } },
      { name: "b", port: 8080, retries: { attempts: 2 } },
    ]);
  });

  it("notes a rule of an object that is broken, but not one that only the object without its mistakes would break", () => {
    assert.deepEqual(read({ shops: [{ name: "a", port: 1 }] }).problems, ["shops[0]: port 1 breaks a rule"]);
    assert.deepEqual(read({ shops: [{ port: 1 }] }).problems, ["shops[0].name: has to be set, for example to shop"]);
  });

  it("knows what is wrong, by path", () => {
    const { reader } = read({ shops: [{ name: "a", port: 0 }, { name: 1 }] });
    const wrong = ["shops", "shops[0].port", "shops[0].name", "shops[1]", "shop"].map((at) => reader.isWrong(at));
    assert.deepEqual(wrong, [true, true, false, true, false]);
  });

  it("refuses names and texts that others would drop in silence", () => {
    const proto = '[{"name":"a","__proto__":{"port":1}}]';
    assert.deepEqual(read({ shops: proto }).problems, ["shops[0].__proto__: no key has this name; remove it"]);
    const variable = '[{"name":"a","env":{"__proto__":"x"}}]';
    assert.deepEqual(read({ shops: variable }).problems, ["shops[0].env.__proto__: no key has this name; remove it"]);
    assert.match(read({ shops: [{ name: "a\0" }] }).problems.join(), /^shops\[0\]\.name: .*NUL/);
  });
});

describe("required", () => {
  it("takes no stand-in that its schema refuses: reading would never end", () => {
    assert.throws(() => required(whole(1, 9), 0), z.ZodError);
  });
});
