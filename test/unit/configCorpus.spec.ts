import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { asProgramConfig, projectFolder, readProject } from "../../commands/session/stackFiles";
import { parseConfig } from "../../stacks/config";
import { ConfigError } from "../../stacks/configError";

/** A broken configuration, and each line that is said of it: `key = value: what to do`. */
interface Case {
  name: string;
  config: Record<string, unknown>;
  expect: string[];
}

const folder = join(projectFolder, "test", "config-corpus");
const project = readProject();

/** What is said of a config, as the program reads it: defaults of Pulumi.yaml filled in, every value as text. */
function said(config: Record<string, unknown>): string[] {
  const own = Object.entries(config).map(([key, value]) => [`${project.name}:${key}`, value]);
  try {
    parseConfig(asProgramConfig(Object.fromEntries(own) as Record<string, unknown>, project));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const [head = "", ...lines] = error.message.split("\n");
    assert.match(head, new RegExp(`^the configuration has ${lines.length} problems?; nothing was changed$`));
    return lines.map((line) => line.trim());
  }
  return [];
}

describe("broken configurations", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const cases = files.map((file) => [file, parse(readFileSync(join(folder, file), "utf8")) as Case[]] as const);

  for (const [file, all] of cases) {
    it(`of ${file}: all ${all.length} are refused, each mistake with key, value and fix`, () => {
      for (const { name, config, expect } of all) {
        assert.ok(expect.length > 0, `${name} expects nothing`);
        assert.deepEqual(said(config), expect, name);
      }
    });
  }

  it("are many, and no two are the same", () => {
    const configs = cases.flatMap(([, all]) => all.map(({ config }) => JSON.stringify(config)));
    assert.ok(configs.length >= 100, `${configs.length}`);
    assert.equal(new Set(configs).size, configs.length);
  });
});
