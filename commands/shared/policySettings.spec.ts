import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "./flags";
import { readPolicySettings } from "./policySettings";
import { parseUpFlags } from "../up/up";

describe("--policy-config", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "policy-config-"))));
  after(() => rmSync(folder, { recursive: true }));
  const read = (text: string) => {
    const file = join(folder, "policies.yaml");
    writeFileSync(file, text);
    return readPolicySettings(file);
  };

  it("is a flag of npm start that can be left out", () => {
    assert.equal(parseUpFlags(["--policy-config", "policies.yaml"]).policyConfig, "policies.yaml");
    assert.ok(!("policyConfig" in parseUpFlags([])));
    assert.deepEqual(readPolicySettings(undefined), {});
  });

  it("gives what the file sets and no more, as YAML or JSON", () => {
    assert.deepEqual(read("levels:\n  images-pinned: disabled\n"), { levels: { "images-pinned": "disabled" } });
    assert.deepEqual(read('{"profile": "prod"}'), { profile: "prod" });
    assert.deepEqual(read(""), {});
  });

  const mistakes: [string, RegExp][] = [
    ["profil: dev", /--policy-config .*policies\.yaml: profil is no setting: did you mean profile\?/],
    [
      "levels: { image-pinned: disabled }\nclosedWorld: 3",
      /did you mean images-pinned\?; closedWorld is 3: write true/,
    ],
    ["a:\n  - b\n c: [", /--policy-config .*policies\.yaml:\d+: not valid YAML/],
  ];
  for (const [text, expected] of mistakes) {
    it(`refuses ${JSON.stringify(text)}, and names each mistake`, () => {
      assert.throws(
        () => read(text),
        (error: Error) => error instanceof UsageError && expected.test(error.message),
      );
    });
  }

  it("refuses a file that is not there", () => {
    assert.throws(() => readPolicySettings(join(folder, "none.yaml")), /none\.yaml: no such file or directory/);
  });
});
