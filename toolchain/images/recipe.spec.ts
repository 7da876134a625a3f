import assert from "node:assert/strict";
import { fingerprint, withParents, type ImageRecipe } from "./recipe";

const recipe: ImageRecipe = {
  reference: "sandbox.local/x:1",
  entries: [{ path: "/bin/x", kind: "copy", from: "/cache/x" }],
  entrypoint: ["/bin/x"],
  user: "1",
};

describe("fingerprint", () => {
  it("changes when a source file or the recipe does", () => {
    const one = fingerprint(recipe, () => ({ size: 1, mtimeMs: 1 }));
    assert.equal(
      fingerprint(recipe, () => ({ size: 1, mtimeMs: 1 })),
      one,
    );
    assert.notEqual(
      fingerprint(recipe, () => ({ size: 1, mtimeMs: 2 })),
      one,
    );
    assert.notEqual(
      fingerprint({ ...recipe, user: "2" }, () => ({ size: 1, mtimeMs: 1 })),
      one,
    );
  });
});

describe("withParents", () => {
  it("puts each folder before its content, once, and keeps a folder's own settings", () => {
    const entries = withParents([
      { path: "/a/b/c", kind: "text", text: "" },
      { path: "/a/b", kind: "folder", mode: 0o1777 },
      { path: "/a/d", kind: "link", target: "b" },
    ]);
    assert.deepEqual(
      entries.map((entry) => entry.path),
      ["/a", "/a/b", "/a/b/c", "/a/d"],
    );
    assert.deepEqual(entries[1], { path: "/a/b", kind: "folder", mode: 0o1777 });
  });
});
