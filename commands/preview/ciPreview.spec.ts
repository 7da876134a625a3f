import assert from "node:assert/strict";
import { parseCiPreviewFlags, stepText } from "./ciPreview";
import { UsageError } from "../shared/flags";

describe("parseCiPreviewFlags", () => {
  it("takes dev and prod by default", () => {
    assert.deepEqual(parseCiPreviewFlags([]).stacks, ["dev", "prod"]);
    assert.deepEqual(parseCiPreviewFlags(["--stacks", "prod,sandbox"]).stacks, ["prod", "sandbox"]);
  });

  const mistakes: [string[], RegExp][] = [
    [["--stacks", "dev,production"], /there is no Pulumi\.production\.yaml/],
    [["--base", ""], /--base has an empty value/],
    [["--sandbox"], /--sandbox/],
    [["--previews-only", "--tests"], /use one of them/],
    [
      ["--markdown", "/nowhere/report.md"],
      /--markdown \/nowhere\/report.md: there is no folder \/nowhere; make it first/,
    ],
  ];
  for (const [argv, expected] of mistakes) {
    it(`refuses ${argv.join(" ")}`, () => {
      assert.throws(
        () => parseCiPreviewFlags(argv),
        (error: Error) => error instanceof UsageError && expected.test(error.message),
      );
    });
  }
});

describe("a step before the previews", () => {
  const step = (passed: boolean, said: string) => stepText({ command: "npm run lint", passed, said });

  it("says no more than that it passes, unless ESLint warns", () => {
    assert.equal(step(true, "All matched files use Prettier code style!"), "npm run lint: passes");
    const warning = "a.ts\n  1:1  warning  too complex\n\n✖ 1 problem (0 errors, 1 warning)";
    assert.equal(step(true, warning), `npm run lint: passes\n${warning}`);
  });

  it("says what it printed if it fails", () => {
    assert.equal(step(false, "a.ts: no"), "npm run lint: fails\na.ts: no");
  });
});
