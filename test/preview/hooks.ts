import type { Context } from "mocha";
import { findPulumi } from "../../commands/pulumi/cli";
import { languageHosts } from "../support/freshProgram";

/** mocha's hooks of `npm run test:preview`. */
export const mochaHooks = {
  /** Has the CLI and its plugins built, which takes longer the first time than any test may. */
  async beforeAll(this: Context): Promise<void> {
    this.timeout(60 * 60_000);
    await findPulumi((line) => console.log(line));
    await languageHosts();
  },
};
