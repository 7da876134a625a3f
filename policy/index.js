/**
 * What `pulumi preview --policy-pack policy` starts. Pulumi has set up ts-node by now, which checks the types of all TypeScript that it
 * loads, and is quickest where there is none: several seconds for every preview, for code that the project's own checks have been over.
 */
/* global __dirname, process */
const { join } = require("node:path");

require("../loader.cjs");
// The policy SDK takes the pack's version from the package.json of the working directory; the project has one, at its root.
process.chdir(join(__dirname, ".."));
require("./pack.ts").start();
