import assert from "node:assert/strict";
import { pseudoVersionCommit, requiredVersion } from "./goMod";

const goMod = `module sandbox.local/core

go 1.26.0

tool example.com/one/cmd

require example.com/single v1.2.3

require (
	example.com/one v0.0.0-20260827124520-eed52ebb66ad
	example.com/onetwo v2.0.0 // indirect
)

replace example.com/replaced => example.com/other v9.9.9
`;

describe("requiredVersion", () => {
  it("reads a require line and a require block", () => {
    assert.equal(requiredVersion(goMod, "example.com/single"), "v1.2.3");
    assert.equal(requiredVersion(goMod, "example.com/onetwo"), "v2.0.0");
  });
  it("does not take a module whose name only starts the same, nor a replacement", () => {
    assert.equal(requiredVersion(goMod, "example.com/one"), "v0.0.0-20260827124520-eed52ebb66ad");
    assert.throws(() => requiredVersion(goMod, "example.com/replaced"), /does not require/);
  });
});

describe("pseudoVersionCommit", () => {
  it("finds the commit", () => assert.equal(pseudoVersionCommit("v0.0.0-20260827124520-eed52ebb66ad"), "eed52ebb66ad"));
  it("finds it after a release too", () =>
    assert.equal(pseudoVersionCommit("v1.4.1-0.20260122083618-3fb702589d36"), "3fb702589d36"));
  it("finds none in a release", () => assert.equal(pseudoVersionCommit("v1.36.3"), undefined));
});
