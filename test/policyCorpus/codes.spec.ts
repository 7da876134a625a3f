import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkManifests } from "../../policy/check";
import { rules } from "../../policy/rules/index";
import { defaultSettings } from "../../policy/settings";
import { uncoveredCodes } from "../../policy/docs";
import { analysisFolder, analyze, corpusCases, messageCodes } from "./istio";
import { ownCases } from "./ownCases";

describe("codes of istioctl analyze that Istio's tests leave open", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "own-cases-"))));
  after(() => rmSync(folder, { recursive: true }));

  const found = (text: string, code: string): string[] => {
    const { findings, problems } = checkManifests([{ file: "case.yaml", text }], defaultSettings);
    assert.deepEqual(problems, []);
    return findings.filter((finding) => finding.code === code).map(({ resource }) => resource);
  };
  const said = (text: string, code: string): string[] => {
    const file = join(folder, "case.yaml");
    writeFileSync(file, text);
    return analyze([file])
      .filter((message) => message.code === code)
      .map(({ origin }) => origin);
  };

  for (const { code, breaks, holds, on, istioctl } of ownCases) {
    it(`${code} is found where it is earned, and nowhere else`, () => {
      assert.deepEqual([...new Set(found(breaks, code))], on);
      assert.deepEqual(found(holds, code), []);
    });
    it(`${code}: istioctl ${istioctl ? "agrees" : "does not read it from files"}`, () => {
      assert.deepEqual([...new Set(said(breaks, code))], istioctl ? on : []);
      assert.deepEqual(said(holds, code), []);
    });
  }

  it("are all: each code of Istio is expected in a case, or named with the reason why no rule covers it", () => {
    const all = [...messageCodes(readFileSync(join(analysisFolder(), "msg/messages.yaml"), "utf8")).values()];
    assert.ok(all.length >= 68, `${all.length} codes`);
    const covered = new Set(rules.flatMap(({ codes }) => codes));
    const expected = new Set([
      ...corpusCases().cases.flatMap((one) => one.expected.map(({ code }) => code)),
      ...ownCases.map(({ code }) => code),
    ]);
    assert.deepEqual(
      all.filter((code) => code in uncoveredCodes === covered.has(code)),
      [],
      "covered by a rule, or left out with a reason, and not both",
    );
    assert.deepEqual(
      all.filter((code) => covered.has(code) && !expected.has(code)),
      [],
      "covered, and no case expects it",
    );
    assert.ok(all.filter((code) => covered.has(code)).length >= 56);
  });
});
