/**
 * Node loads this first: for the program (`nodeargs` in Pulumi.yaml), for the commands (package.json) and for the policy pack. It compiles
 * TypeScript file by file with tsx, and keeps compiled code for the next start. Types are checked by `npm run typecheck`.
 */
const console = require("node:console");
const process = require("node:process");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  const fix = "install Node 22 or newer from https://nodejs.org, or with: nvm install 22";
  console.error(`error: Node ${process.versions.node} is too old: 20.19 is the oldest that works; ${fix}`);
  process.exit(1);
}

const { enableCompileCache } = require("node:module");

enableCompileCache?.(); // Node 22.1 and newer

const loadJavaScript = require.extensions[".js"];
require("tsx/cjs");
// The JavaScript of packages needs no compiler, and tsx would search each of its thousands of files.
require.extensions[".js"] = loadJavaScript;

// Pulumi's SDK shows stack traces, and says where a resource is declared, with source-map-support, which looks for maps on disk. Those of
// tsx are in the compiled code.
require("source-map-support").install({ hookRequire: true });
