/**
 * What `pulumi preview --policy-pack policy` starts. Pulumi has set up ts-node by now, which checks the types of all
 * that it loads: several seconds for every preview, for code that the project's own checks have been over. So the pack
 * itself is loaded through tsx, which leaves types alone; `createRequire` keeps ts-node from following the import.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(__filename);

// The policy SDK takes the pack's version from the package.json of the working directory; the project has one, at its root.
process.chdir(join(__dirname, ".."));
(load("tsx/cjs/api") as { register(): void }).register();
(load("./pack.ts") as { start(): void }).start();
