/**
 * What `pulumi preview --policy-pack policy` starts. Pulumi has set up ts-node by now, which checks the types of all TypeScript that it
 * loads, and is quickest where there is none: several seconds for every preview, for code that the project's own checks have been over.
 */
/* global __dirname, process */
const { existsSync } = require("node:fs");

// The policy SDK takes the pack's version from the package.json of the working directory.
process.chdir(__dirname);
if (existsSync("pack.ts")) {
  require("../loader.cjs");
  require("./pack.ts").start();
} else {
  // A package has no sources, only what `npm pack` makes of them.
  require("./dist/pack.js").start();
}
