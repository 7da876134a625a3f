import assert from "node:assert/strict";
import components from "../../components/package.json";
import policy from "../../policy/package.json";
import project from "../../package.json";

const pins: Record<string, string> = project.dependencies;

for (const { name, version, dependencies, peerDependencies } of [components, policy]) {
  describe(`the package ${name}`, () => {
    it("has the project's version, and versions of packages that the tests run with", () => {
      assert.equal(version, project.version);
      for (const [what, wanted] of Object.entries({ ...dependencies, ...peerDependencies })) {
        assert.equal(wanted.replace("^", ""), pins[what], what);
      }
    });
  });
}

it("the package of the components bundles what it neither depends on nor asks its user for", () => {
  const external = [...components.scripts.prepack.matchAll(/--external:(\S+)/g)].map(([, what]) => what!);
  // The provider and the program's import share one bundle of the components.
  assert.deepEqual(external.splice(0, 1), ["./index"]);
  assert.deepEqual(external, Object.keys({ ...components.dependencies, ...components.peerDependencies }).sort());
});
