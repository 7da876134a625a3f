/**
 * What Node starts the program (`nodeargs` in Pulumi.yaml) and the commands with, and the policy pack begins with: it compiles
 * TypeScript, and keeps unloaded what none of them needs. docs/performance.md tells what that saves.
 */
/* global process */
const { createRequire, enableCompileCache, setSourceMapsSupport } = require("node:module");

/** Parts of Pulumi's SDK that serve functions which run in a cloud, and programs that drive Pulumi. It loads them all the same. */
const seldomUsed = [
  "@npmcli/arborist",
  "normalize-package-data",
  "@pulumi/pulumi/typescript-shim",
  "@pulumi/pulumi/automation",
];

/** Puts off loading a module until something is read from it. Whoever requires it before gets a stand-in. */
function postpone(require, name) {
  let path;
  try {
    path = require.resolve(name);
  } catch {
    return; // Another version of the SDK may do without it.
  }
  let loaded;
  const load = () => {
    if (loaded === undefined) {
      delete require.cache[path];
      loaded = require(path);
    }
    return loaded;
  };
  // An ES module's importers take it as it is; another's would copy all of its members, and so load it.
  const get = (_, key) => (key === "__esModule" ? true : key === "default" ? load() : load()[key]);
  require.cache[path] = { id: path, filename: path, loaded: true, exports: new Proxy({}, { get }) };
}

/**
 * tsx compiles file by file, keeps what it compiled, and leaves types to `npm run typecheck`. It comes with the first TypeScript file:
 * the JavaScript of packages would only be read and searched by it, thousands of files of it.
 */
require.extensions[".ts"] = (module, path) => {
  const javaScript = require.extensions[".js"];
  require("tsx/cjs");
  if (process.features.require_module) {
    require.extensions[".js"] = javaScript; // Node loads ES modules that are required as well, from 20.19 and 22.12 on.
  }
  // The SDK's stack traces, one for each promise, know no source maps of tsx and take long. Node's know them.
  Error.prepareStackTrace = undefined;
  setSourceMapsSupport?.(true, { nodeModules: false }); // Node 22.14 and newer
  require.extensions[".ts"](module, path);
};

enableCompileCache?.(); // Node 22.1 and newer
const sdk = createRequire(require.resolve("@pulumi/pulumi"));
seldomUsed.forEach((name) => postpone(sdk, name));
