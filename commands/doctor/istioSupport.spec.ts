import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { istioVersion } from "../../components/versions";
import type { SupportedMinor, SupportJudgement } from "./istioSupport";
import { istioSupport, judgeSupport, supportLine } from "./istioSupport";
import { projectFolder } from "../session/stackFiles";

const table: readonly SupportedMinor[] = [
  { minor: "1.9", end: "2027-01-10", expected: false },
  { minor: "1.10", end: "2027-03-31", expected: true },
];

describe("the support of Istio's minor versions", () => {
  const cases: [string, string, SupportJudgement["state"], RegExp][] = [
    ["1.9.3", "2026-12-10", "supported", /^Istio 1\.9 is supported until 2027-01-10$/],
    ["1.9.3", "2026-12-11", "ends soon", /^the support of Istio 1\.9 ends in 30 days, on 2027-01-10$/],
    ["1.9.3", "2027-01-10", "ends soon", /ends in 0 days/],
    ["1.9.3", "2027-01-11", "ended", /^the support of Istio 1\.9 ended on 2027-01-10$/],
    ["1.10.0", "2027-04-01", "ended", /ended on 2027-03-31 \(expected\)$/],
    ["1.10.0-rc.1", "2027-01-01", "supported", /until 2027-03-31 \(expected\)$/],
    ["1.8.0", "2020-01-01", "ended", /^the support of Istio 1\.8 has ended$/],
    ["0.9.0", "2020-01-01", "ended", /^the support of Istio 0\.9 has ended$/],
    ["1.11.0", "2027-01-01", "unknown", /^the end of support of Istio 1\.11 is not known here$/],
    ["2.0.0", "2027-01-01", "unknown", /Istio 2\.0 is not known here/],
  ];
  for (const [version, day, state, says] of cases) {
    it(`is judged for ${version} on ${day}: ${state}`, () => {
      const judgement = judgeSupport(version, new Date(`${day}T23:59:59Z`), table);
      assert.equal(judgement.state, state);
      assert.match(judgement.text, says);
      assert.equal(judgement.fix === undefined, state === "supported");
    });
  }

  it("is a line of a log, a warning where there is something to do", () => {
    const [{ minor, end }] = istioSupport as [SupportedMinor];
    assert.equal(supportLine(new Date("2020-01-01"), `${minor}.0`), `Istio ${minor} is supported until ${end}`);
    assert.match(supportLine(new Date("2100-01-01"), `${minor}.0`), /^warning: the support of .* ended on .*: go to a/);
  });

  it("is known in the order of the versions, with days of the calendar, and of the default", () => {
    const numbers = istioSupport.map(({ minor }) => Number(/^1\.(\d+)$/.exec(minor)![1]));
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => numbers[0]! + i),
    );
    const ends = istioSupport.map(({ end }) => end);
    assert.deepEqual(ends, [...ends].sort());
    assert.deepEqual(
      ends,
      ends.map((end) => new Date(end).toISOString().slice(0, 10)),
    );
    assert.notEqual(
      judgeSupport(istioVersion, new Date()).state,
      "unknown",
      "commands/doctor/istioSupport.ts lacks its minor",
    );
  });

  it("is printed by .ci/run, which does not fail on it", () => {
    const script = readFileSync(join(projectFolder, ".ci", "run"), "utf8");
    const lines = script.split("\n").filter((line) => line.includes("istioSupport"));
    assert.equal(lines.length, 1);
    const { stdout } = spawnSync("bash", ["-c", lines[0]!], { cwd: projectFolder, encoding: "utf8" });
    assert.equal(stdout.trim(), supportLine());
    // Where Node cannot run it, the run goes on, too.
    const broken = spawnSync("bash", ["-ec", `node() { return 1; }; ${lines[0]}\necho on`], { encoding: "utf8" });
    assert.equal(broken.stdout.trim(), "on");
  });
});
