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
 * @param instead Members that are read without loading it.
 */
function postpone(from, name, { amend = () => undefined, instead = {} } = {}) {
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
  const known = { __esModule: true, ...instead };
  const get = (_, key) => (Object.hasOwn(known, key) ? known[key] : key === "default" ? load() : load()[key]);
  require.cache[path] = { id: path, filename: path, loaded: true, exports: new Proxy({}, { get }) };
}

/**
 * The SDK makes a call for each of its debug messages, four a resource and more, which the CLI shows with --debug alone.
 * SIDECAR_MESH_DEBUG=true has them made, and those of whoever uses `pulumi.log.debug`.
 */
function spareDebugMessages() {
  if (process.env.SIDECAR_MESH_DEBUG !== "true") {
    const amend = (log) => {
      log.debug = () => Promise.resolve();
    };
    postpone("@pulumi/pulumi", "@pulumi/pulumi/log", { amend });
  }
}

/** It takes a stack trace for each promise, a dozen a resource, which only Pulumi's own setting shows. Errors keep theirs. */
function sparePromiseTraces() {
  if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
    const amend = (debuggable) => {
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
    };
    postpone("@pulumi/pulumi", "@pulumi/pulumi/runtime/debuggable", { amend });
  }
}

/** It turns V8's debugger on, which is told of each script from then on. Whoever serializes a function still has it turned on. */
function spareDebugger() {
  const instead = { isInitializedAsync: () => Promise.resolve() };
  postpone("@pulumi/pulumi", "@pulumi/pulumi/runtime/closure/v8Hooks", { instead });
}

/** It loads all of OpenTelemetry's SDK for spans that nobody sees, unless `pulumi --tracing` or --otel-traces asks for them. */
function spareTracing() {
  if (process.env.TRACEPARENT || process.argv.some((argument) => argument.startsWith("--tracing"))) {
    return;
  }
  const newSpan = (name) => {
    const { trace } = createRequire(require.resolve("@pulumi/pulumi"))("@opentelemetry/api");
    return trace.getTracer("nodejs-runtime").startSpan(name);
  };
  postpone("@pulumi/pulumi", "@pulumi/pulumi/cmd/run/tracing", { instead: { newSpan } });
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
spareTracing();
