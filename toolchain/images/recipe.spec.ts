import assert from "node:assert/strict";
import { dockerfileOf, fingerprint, type ImageRecipe } from "./recipe";

const recipe: ImageRecipe = {
  reference: "sandbox.local/x:1",
  base: "sandbox.local/base:1",
  entries: [{ path: "/usr/bin/x", kind: "copy", from: "/cache/x" }],
  entrypoint: ["/usr/bin/x"],
  user: 7,
};

describe("fingerprint", () => {
  it("changes when a source file, the recipe or the image below does", () => {
    const stamp = (mtimeMs: number) => () => ({ size: 1, mtimeMs });
    const one = fingerprint(recipe, stamp(1), "a");
    assert.equal(fingerprint(recipe, stamp(1), "a"), one);
    const others = [
      fingerprint(recipe, stamp(2), "a"),
      fingerprint({ ...recipe, user: 8 }, stamp(1), "a"),
      fingerprint(recipe, stamp(1), "b"),
    ];
    assert.equal(new Set([one, ...others]).size, 4);
  });
});

describe("dockerfileOf", () => {
  it("puts everything of a recipe into the image", () => {
    assert.equal(
      dockerfileOf({ ...recipe, args: ["serve"], ownFolder: "/etc/x" }, "f1"),
      [
        "FROM sandbox.local/base:1",
        "COPY root/ /",
        "COPY --chown=7:7 own/ /etc/x/",
        "USER 7:7",
        'ENTRYPOINT ["/usr/bin/x"]',
        'CMD ["serve"]',
        "LABEL sidecar-mesh.fingerprint=f1",
        "",
      ].join("\n"),
    );
  });

  it("starts from nothing, and runs as root, unless the recipe says otherwise", () => {
    assert.equal(
      dockerfileOf({ reference: "x:1", entries: [] }, "f1"),
      "FROM scratch\nLABEL sidecar-mesh.fingerprint=f1\n",
    );
  });
});
