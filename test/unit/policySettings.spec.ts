import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { meshCheck } from "../../commands/meshCheck";
import { projectFolder } from "../../commands/session/stackFiles";
import { folder, pages } from "../../policy/docs";
import { policies } from "../../policy/pack";
import {
  packConfigOf,
  settingsPolicy,
  type SettingSchema,
  defaultSettings,
  parseSettings,
  settingSchemas,
} from "../../policy/settings";
import { remedies } from "../../policy/remedies";
import { rules } from "../../policy/rules/index";

/** As much of JSON Schema as the policies use. */
interface Schema extends Partial<Pick<SettingSchema, "type" | "enum" | "items">> {
  default?: unknown;
}

function fits(value: unknown, { type, enum: values, items }: Schema): boolean {
  const is = Array.isArray(value) ? "array" : typeof value;
  return (
    (type === undefined || type === is) &&
    (values === undefined || values.some((one) => one === value)) &&
    (items === undefined || (Array.isArray(value) && value.every((item) => typeof item === items.type)))
  );
}

/** What docs/policies/settings.md shows for mesh-check. */
const meshCheckExample = "mesh-check.yaml";

const read = (name: string) => parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;
const ofPack = new Map(
  policies().map(({ name, configSchema }) => [name, (configSchema?.properties ?? {}) as Record<string, Schema>]),
);

/** What is wrong with a policy pack's configuration. */
function problemsOfPack(config: Record<string, unknown>): string[] {
  return Object.entries(config).flatMap(([policy, entry]) => {
    const schema = ofPack.get(policy);
    const { enforcementLevel = "mandatory", ...keys } =
      typeof entry === "string" ? { enforcementLevel: entry } : (entry as Record<string, unknown>);
    return [
      ...(schema ? [] : [`${policy}: no such policy`]),
      ...(["mandatory", "advisory", "disabled", "remediate"].includes(enforcementLevel as string)
        ? []
        : [`${policy}: no level ${String(enforcementLevel)}`]),
      ...Object.entries(keys).flatMap(([key, value]) => {
        const one = schema?.[key];
        return one && fits(value, one) ? [] : [`${policy}.${key}: ${one ? "of a wrong type" : "no such key"}`];
      }),
    ];
  });
}

describe("the settings of the policies", () => {
  const pack = read("pack-config.json");
  const meshCheckSettings = read(meshCheckExample);

  it("have an example for the policy pack that fits its schema", () => {
    assert.deepEqual(problemsOfPack(pack), []);
    const all = pack[settingsPolicy];
    assert.deepEqual(Object.keys(all as object), Object.keys(ofPack.get(settingsPolicy)!));
    parseSettings(all, rules);
  });

  it("have an example for mesh-check that says the same", () => {
    assert.deepEqual(Object.keys(meshCheckSettings).sort(), Object.keys(settingSchemas).sort());
    const entries = Object.entries(pack)
      .filter(([name]) => !remedies.some((remedy) => remedy.name === name))
      .map(([name, entry]) => [name, typeof entry === "string" ? { enforcementLevel: entry } : entry]);
    assert.deepEqual(packConfigOf(parseSettings(meshCheckSettings, rules)), Object.fromEntries(entries));
  });

  it("have an example that mesh-check takes", () => {
    let said = "";
    const file = join(folder, meshCheckExample);
    const streams = {
      stdin: () => "",
      stdout: (text: string) => (said += text),
      stderr: (text: string) => (said += text),
    };
    const status = meshCheck(["--config", file, join(projectFolder, "docs", "examples")], streams);
    assert.equal(status, 1, said);
    assert.match(said, /subset/);
  });

  it("have schemas that take what the parser takes, and no more", () => {
    for (const [name, schema] of Object.entries(settingSchemas)) {
      assert.ok(fits(defaultSettings[name as keyof typeof defaultSettings], schema), name);
      assert.ok(fits(meshCheckSettings[name], schema), name);
      assert.ok(!fits(7, schema), name);
      assert.throws(() => parseSettings({ [name]: 7 }, rules), new RegExp(`${name} is 7`));
    }
  });

  it("leave the profile to the stack where none is configured", () => {
    for (const [name, schema] of Object.entries(ofPack.get(settingsPolicy)!)) {
      assert.equal(schema.default, undefined, `the engine would fill in ${name}`);
    }
  });

  it("are all on their page, with the keys of single rules", () => {
    const page = pages().get("settings.md")!;
    for (const name of [...Object.keys(settingSchemas), ...rules.flatMap(({ config = {} }) => Object.keys(config))]) {
      assert.match(page, new RegExp(`\\| \`${name}\` \\|`), name);
    }
  });

  it("are found wrong by these tests", () => {
    assert.deepEqual(problemsOfPack({ [settingsPolicy]: { externalHost: [] }, "image-pinned": "advisory" }), [
      `${settingsPolicy}.externalHost: no such key`,
      "image-pinned: no such policy",
    ]);
    assert.equal(problemsOfPack({ [settingsPolicy]: { externalHosts: "x" }, "images-pinned": "error" }).length, 2);
  });
});
