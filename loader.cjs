/**
 * What Node starts the program (`nodeargs` in Pulumi.yaml) and the commands with, and the policy pack begins with: it compiles
 * TypeScript, and spares what Pulumi's SDK and other packages do for nobody here. docs/performance.md tells what that saves.
 */
/* global process */
const { createRequire, enableCompileCache, setSourceMapsSupport } = require("node:module");

/** Parts of packages that nothing here uses, or only some runs; the packages load them all the same. */
const seldomUsed = {
  // For functions that run in a cloud, for programs that drive Pulumi, and for stack traces in the SDK's own TypeScript.
  "@pulumi/pulumi": [
    "@npmcli/arborist",
    "normalize-package-data",
    "source-map-support/register",
    "@pulumi/pulumi/typescript-shim",
    "@pulumi/pulumi/automation",
  ],
  // For names of YAML files with a pattern.
  "@pulumi/kubernetes": ["glob"],
  // For dashboards of other schemas.
  "@grafana/grafana-foundation-sdk/dashboard": [
    "@grafana/grafana-foundation-sdk/dashboardv2",
    "@grafana/grafana-foundation-sdk/dashboardv2beta1",
  ],
};

/**
 * Puts off loading a module until something is read from it. Whoever requires it before gets a stand-in.
 * @param from Package that requires it.
 * @param amend Given its exports once it is loaded.
 */
function postpone(from, name, amend = () => undefined) {
  let requireThere, path;
  try {
    requireThere = createRequire(require.resolve(from));
    path = requireThere.resolve(name);
  } catch {
    return; // Another version of the package may do without it.
  }
  let loaded;
  const load = () => {
    if (loaded === undefined) {
      delete require.cache[path];
      loaded = requireThere(path);
      amend(loaded);
    }
    return loaded;
  };
  // An ES module's importers take it as it is; another's would copy all of its members, and so load it.
  const get = (_, key) => (key === "__esModule" ? true : key === "default" ? load() : load()[key]);
  require.cache[path] = { id: path, filename: path, loaded: true, exports: new Proxy({}, { get }) };
}

/**
 * The SDK makes a call for each of its debug messages, four a resource and more, which the CLI shows with --debug alone.
 * SIDECAR_MESH_DEBUG=true has them made.
 */
function spareDebugMessages() {
  if (process.env.SIDECAR_MESH_DEBUG !== "true") {
    postpone("@pulumi/pulumi", "@pulumi/pulumi/log", (log) => {
      log.debug = () => Promise.resolve();
    });
  }
}

/** It takes a stack trace for each promise, a dozen a resource, which only Pulumi's own setting shows. Errors keep theirs. */
function sparePromiseTraces() {
  if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
    postpone("@pulumi/pulumi", "@pulumi/pulumi/runtime/debuggable", (debuggable) => {
      const { debuggablePromise } = debuggable;
      debuggable.debuggablePromise = (promise, context) => {
        const { stackTraceLimit } = Error;
        Error.stackTraceLimit = 0;
        try {
          return debuggablePromise(promise, context);
        } finally {
          Error.stackTraceLimit = stackTraceLimit;
        }
      };
    });
  }
}

/** It turns V8's debugger on, which is told of each script from then on. Whoever serializes a function still has it turned on. */
function spareDebugger() {
  postpone("@pulumi/pulumi", "@pulumi/pulumi/runtime/closure/v8Hooks", (hooks) => {
    hooks.isInitializedAsync = () => Promise.resolve();
  });
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
  // Node's own stack traces know tsx's source maps, and are quicker than those of the packages that put theirs here.
  Error.prepareStackTrace = undefined;
  setSourceMapsSupport?.(true, { nodeModules: false }); // Node 22.14 and newer
  require.extensions[".ts"](module, path);
};

enableCompileCache?.(); // Node 22.1 and newer
for (const [from, names] of Object.entries(seldomUsed)) {
  names.forEach((name) => postpone(from, name));
}
spareDebugMessages();
sparePromiseTraces();
spareDebugger();
