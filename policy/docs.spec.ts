import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, pages } from "./docs";
import type { Rule } from "./rule";
import { rules } from "./rules/index";

describe("the pages of the rules", () => {
  it("are current: npm run docs writes them", () => {
    for (const [name, text] of pages()) {
      assert.equal(readFileSync(join(folder, name), "utf8"), text, name);
    }
  });

  it("have a place for each generated part, and no other place", () => {
    const [{ name }] = rules as [Rule];
    const one = [...pages(rules.slice(0, 1)).values()].join("");
    assert.match(one, new RegExp(`^## ${name}$`, "m"));
    assert.equal(one.match(/<!-- end of /g)?.length, 7);
  });

  it("are of rules that say all that a page needs", () => {
    const names = rules.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, description, rationale, fix, source, codes, config = {} } of rules) {
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const text of [description, rationale, fix, ...Object.values(config).map((key) => key.description)]) {
        assert.match(text, /\.$/, `${name}: ${text}`);
      }
      assert.match(source, /^https:\/\//);
      for (const code of codes) {
        assert.match(code, /^(IST|KIA)\d{4}$/);
      }
    }
  });

  it("cover every code of istioctl that needs declarations only", () => {
    const ranges: [number, number][] = [
      [2, 2],
      [101, 102],
      [106, 112],
      [116, 116],
      [118, 118],
      [123, 123],
      [125, 125],
      [127, 138],
      [140, 140],
      [144, 147],
      [149, 155],
      [159, 160],
      [162, 162],
      [165, 167],
      [173, 174],
      [177, 177],
    ];
    const wanted = ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, i) => `IST${String(from + i).padStart(4, "0")}`),
    );
    const covered = new Set(rules.flatMap(({ codes }) => codes));
    assert.equal(wanted.length, 47);
    assert.deepEqual(
      wanted.filter((code) => !covered.has(code)),
      [],
    );
  });
});
