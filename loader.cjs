/**
 * Node loads this first: for the program (`nodeargs` in Pulumi.yaml), for the commands (package.json) and for the policy pack. It compiles
 * TypeScript file by file with tsx, and keeps compiled code for the next start. Types are checked by `npm run typecheck`.
 */
const { enableCompileCache } = require("node:module");

enableCompileCache?.(); // Node 22.1 and newer

const loadJavaScript = require.extensions[".js"];
require("tsx/cjs");
// The JavaScript of packages needs no compiler, and tsx would search each of its thousands of files.
require.extensions[".js"] = loadJavaScript;
