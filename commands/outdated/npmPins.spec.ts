import assert from "node:assert/strict";
import { judgeNpm } from "./npmPins";

const manifest = { dependencies: { a: "1.0.0", b: "3.2.0" }, devDependencies: { c: "0.1.0" } };

describe("pins of npm packages", () => {
  it("are those of package.json, each with the newest version", () => {
    assert.deepEqual(judgeNpm(manifest, { a: { latest: "1.10.0" } }), [
      { what: "a", ours: "1.0.0", newest: "1.10.0", where: ["package.json"] },
      { what: "b", ours: "3.2.0", newest: "3.2.0", where: ["package.json"] },
      { what: "c", ours: "0.1.0", newest: "0.1.0", where: ["package.json"] },
    ]);
  });

  it("are current where the tag latest was moved back", () => {
    assert.equal(judgeNpm(manifest, { b: { latest: "3.1.9" } })[1]?.newest, "3.2.0");
  });

  it("are not told where npm has no answer", () => {
    const error = { code: "ENOTFOUND", summary: "request to https://registry failed" };
    assert.throws(() => judgeNpm(manifest, { error } as never), /^Error: npm outdated: ENOTFOUND: request to/);
    // A package may have that name.
    assert.doesNotThrow(() => judgeNpm({ dependencies: { error: "1.0.0" } }, { error: { latest: "2.0.0" } } as never));
  });
});
