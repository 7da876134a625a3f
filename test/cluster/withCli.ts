import assert from "node:assert/strict";
import { join } from "node:path";
import { findOnPath } from "../../commands/pulumiCli";

/** The Pulumi CLI on PATH; npm's own link, which would download one, is none. */
export const cli = findOnPath("pulumi", (folder) => folder.endsWith(join("node_modules", ".bin")));

/**
 * A suite that needs the Pulumi CLI. Where there is none it says that it was not run, in a line that `.ci/run` repeats at its end; with
 * REQUIRE_PULUMI_CLI set it fails instead.
 */
export function describeWithCli(title: string, define: (this: Mocha.Suite) => void): void {
  if (cli !== undefined) {
    describe(`${title}, with ${cli}`, define);
  } else if (process.env.REQUIRE_PULUMI_CLI) {
    describe(title, () => {
      it("finds a Pulumi CLI on PATH", () => assert.fail("REQUIRE_PULUMI_CLI is set, and there is none"));
    });
  } else {
    console.log(`not run: ${title} (no Pulumi CLI on PATH; REQUIRE_PULUMI_CLI=1 makes that a failure)`);
  }
}
