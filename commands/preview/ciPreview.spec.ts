import assert from "node:assert/strict";
import { parseCiPreviewFlags } from "./ciPreview";
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
