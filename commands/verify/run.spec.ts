import assert from "node:assert/strict";
import type { Check, Context, Outcome } from "./check";
import { fail, pass, skip } from "./check";
import { checks as allChecks } from "./checks";
import { conclusion, junit, reportOf } from "./report";
import { chooseChecks, runChecks } from "./run";

const context = { cluster: { kubectl: "kubectl" } } as unknown as Context;

function check(name: string, needs: string[], outcome: Outcome | Error): Check {
  return {
    name,
    needs,
    description: `about ${name}`,
    run: () => (outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome)),
  };
}

const broken = fail("seen", "the cause & more", "kubectl look");

describe("runChecks", () => {
  it("does not run what needs a check that failed, and points at the root", async () => {
    const checks = [
      check("a", [], broken),
      check("b", ["a"], pass("never")),
      check("c", ["b"], pass("never")),
      check("d", [], pass("fine")),
    ];
    const results = await runChecks(checks, context);
    assert.deepEqual(
      results.map(({ verdict, evidence }) => [verdict, evidence]),
      [
        ["fail", "seen"],
        ["blocked", "not run, because a failed"],
        ["blocked", "not run, because a failed"],
        ["pass", "fine"],
      ],
    );
    const report = reportOf(results, 1);
    assert.equal(report.ok, false);
    assert.deepEqual(
      report.causes.map((cause) => cause.check),
      ["a"],
    );
    assert.match(
      conclusion(report),
      /a: the cause & more\n {2}look further: kubectl look\n\n1 ok, 1 FAILED, 2 not run in 1 s$/,
    );
  });

  it("takes a check that breaks down for one that failed", async () => {
    const [result] = await runChecks([check("a", [], new Error("no way"))], context);
    assert.equal(result?.verdict, "fail");
    assert.match(result?.cause ?? "", /could not be made: no way/);
  });

  it("is fine with what there is nothing to check of", async () => {
    assert.equal(reportOf(await runChecks([check("a", [], skip("not installed"))], context), 1).ok, true);
  });
});

describe("chooseChecks", () => {
  const checks = [check("a", [], broken), check("b", ["a"], broken), check("c", [], broken)];
  const names = (chosen: Check[]) => chosen.map(({ name }) => name);
  it("runs what is asked for, and what that needs", () => {
    assert.deepEqual(names(chooseChecks(checks, ["b"], [])), ["a", "b"]);
    assert.deepEqual(names(chooseChecks(checks, [], ["a"])), ["b", "c"]);
  });
  it("refuses names that are none", () => {
    assert.throws(() => chooseChecks(checks, ["x"], []), /there is no check x; there are a, b, c/);
  });
  it("finds each check's needs before it, so that none is run too early", () => {
    allChecks.forEach(({ name, needs }, i) => {
      const before = allChecks.slice(0, i).map((one) => one.name);
      assert.deepEqual(
        needs.filter((need) => !before.includes(need)),
        [],
        name,
      );
    });
    assert.equal(new Set(allChecks.map(({ name }) => name)).size, allChecks.length);
  });
});

describe("junit", () => {
  it("is XML whatever was found", async () => {
    const results = await runChecks(
      [check("a", [], fail("<x>\u0007", 'a "cause" & more', "look")), check("b", ["a"], broken)],
      context,
    );
    const xml = junit(reportOf(results, 2));
    assert.match(xml, /<testsuite name="verify" tests="2" failures="2" skipped="0" time="2">/);
    assert.match(xml, /<failure message="a &quot;cause&quot; &amp; more">&lt;x&gt;\nlook further: look<\/failure>/);
    assert.match(xml, /<failure type="blocked" message="not run, because a failed"\/>/);
  });
});
