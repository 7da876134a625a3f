import assert from "node:assert/strict";
import { rules } from "./rules/index";
import { defaultSettings, isExcluded, parseSettings, SettingsError, packConfigOf } from "./settings";

function problems(value: unknown): string[] {
  try {
    parseSettings(value, rules, "test");
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    assert.match(error.message, /^test: /);
    return [...error.problems];
  }
  return [];
}

describe("parseSettings", () => {
  it("has defaults", () => {
    assert.deepEqual(parseSettings(undefined, rules), defaultSettings);
    assert.deepEqual(parseSettings({}, rules), defaultSettings);
  });

  it("takes every setting", () => {
    const value = {
      profile: "prod",
      closedWorld: false,
      levels: { "images-pinned": "mandatory" },
      exclude: { namespaces: ["tools"], names: ["demo/legacy-*"] },
      externalHosts: ["*.example.com"],
      revisions: ["canary"],
      meshConfig: { rootNamespace: "mesh" },
      rules: { "workload-gets-sidecar": { allowOptOut: true } },
    };
    assert.deepEqual(parseSettings(value, rules), value);
  });

  const wrong: [string, unknown, RegExp][] = [
    ["a setting that is none", { profiles: "dev" }, /profiles is no setting: did you mean profile/],
    ["a profile that is none", { profile: "test" }, /profile is "test": write "dev" or "prod"/],
    ["a world that is neither", { closedWorld: "yes" }, /closedWorld is "yes"/],
    ["a level that is none", { levels: { "images-pinned": "error" } }, /levels\.images-pinned is "error": write/],
    ["a rule that is none", { levels: { "image-pinned": "advisory" } }, /did you mean images-pinned/],
    ["names that are no list", { externalHosts: "a" }, /externalHosts is "a": write a list/],
    ["an exclusion that is none", { exclude: { kinds: [] } }, /exclude\.kinds is no setting/],
    ["a rule's key that is none", { rules: { "workload-gets-sidecar": { allow: 1 } } }, /it has allowOptOut/],
    ["a rule's value of a wrong type", { rules: { "workload-gets-sidecar": { allowOptOut: "x" } } }, /write a boolean/],
    ["something else than a map", [], /write a map/],
  ];
  for (const [title, value, message] of wrong) {
    it(`refuses ${title}`, () => {
      assert.match(problems(value).join("\n"), message);
    });
  }

  it("names all that is wrong at once", () => {
    assert.equal(problems({ profile: "x", closedWorld: 1, levels: { no: "x" } }).length, 3);
  });
});

describe("isExcluded", () => {
  const settings = parseSettings({ exclude: { namespaces: ["team-*"], names: ["old", "demo/a"] } }, rules);

  it("knows namespaces and what is in them", () => {
    assert.ok(isExcluded(settings, { kind: "Service", namespace: "team-a", name: "x" }));
    assert.ok(isExcluded(settings, { kind: "Namespace", namespace: "", name: "team-a" }));
    assert.ok(!isExcluded(settings, { kind: "Service", namespace: "team", name: "x" }));
  });

  it("knows names, with a namespace or without", () => {
    assert.ok(isExcluded(settings, { kind: "Service", namespace: "any", name: "old" }));
    assert.ok(isExcluded(settings, { kind: "Service", namespace: "demo", name: "a" }));
    assert.ok(!isExcluded(settings, { kind: "Service", namespace: "other", name: "a" }));
  });
});

describe("packConfigOf", () => {
  it("gives nothing where nothing is set", () => {
    assert.deepEqual(packConfigOf({}), {});
  });

  it("puts what holds for the whole pack under its own policy, and the rest under each rule", () => {
    const config = packConfigOf({
      profile: "prod",
      externalHosts: ["*.example.com"],
      levels: { "images-pinned": "mandatory", "canonical-labels": "disabled" },
      rules: { "workload-gets-sidecar": { allowOptOut: true }, "images-pinned": {} },
    });
    assert.deepEqual(config, {
      "mesh-settings": {
        profile: "prod",
        externalHosts: ["*.example.com"],
        levels: { "images-pinned": "mandatory", "canonical-labels": "disabled" },
      },
      "images-pinned": { enforcementLevel: "mandatory" },
      "canonical-labels": { enforcementLevel: "disabled" },
      "workload-gets-sidecar": { allowOptOut: true },
    });
  });
});
